import type { Check } from '../../findings/regression.ts';
import { counted } from '../../judge/amounts.ts';
import type { AttributionSpec } from '../../manifest/asking.ts';
import { shownName } from '../named.ts';
import { openCheck } from '../open-check.ts';
import type { Agreement } from './attribution.ts';

/** Every label must agree. */
export const attributionCheck = ({ ndcg: least, level }: AttributionSpec, found: readonly Agreement[]): Check => {
  const [none] = found;
  if (none === undefined)
    return openCheck('attribution', level, 'neither report has global SHAP values (explanations.kernel_shap)');
  const rulings = found.map((one) => ({ ...one, verdict: verdictOf(one, least) }));
  const foremost =
    rulings.find(({ verdict }) => verdict === 'fail') ?? rulings.find(({ verdict }) => verdict === 'inconclusive');
  const lowest = Math.min(...found.map(({ ndcg }) => ndcg ?? 1));
  return {
    name: 'attribution',
    level,
    verdict: foremost?.verdict ?? 'pass',
    because:
      foremost === undefined
        ? `the order of ${counted(none.features, 'feature')} agrees with nDCG ${number(lowest)}, at least ${least}${found.length === 1 ? '' : ` for each of ${found.length} labels`}`
        : `label ${shownName(foremost.label)}: ${sentence(foremost, least)}`,
    table: {
      heads: ['label', 'features', 'nDCG', 'at least', 'decision'],
      rows: rulings.map(({ label, features, ndcg, verdict }) => [
        shownName(label),
        String(features),
        ndcg === undefined ? '' : number(ndcg),
        String(least),
        verdict,
      ]),
    },
    cases: rulings.map(({ verdict, ...one }) => ({
      name: `label ${shownName(one.label)}`,
      verdict,
      ...(verdict === 'pass' ? {} : { because: sentence(one, least) }),
    })),
  };
};

/** Room for the rounding of a sum. */
const rounding = 1e-12;

const verdictOf = ({ ndcg }: Agreement, least: number): Check['verdict'] =>
  ndcg === undefined ? 'inconclusive' : ndcg < least - rounding ? 'fail' : 'pass';

const sentence = ({ ndcg, open = '' }: Agreement, least: number): string =>
  ndcg === undefined
    ? open
    : `the features matter in another order than in the version that serves: nDCG ${number(ndcg)}, at least ${least}`;

const number = (value: number): string => String(Number(value.toPrecision(4)));
