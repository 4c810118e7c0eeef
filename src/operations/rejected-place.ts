import { type Content, type Look, packagesOfModel } from '../endpoint/look.ts';
import { candidateOf } from '../endpoint/variants.ts';
import type { Decided } from '../registry/decision.ts';
import type { Configuration, ReleaseRecord } from '../release/record.ts';
import { isSameName } from '../same-name.ts';

/** A variant of the config has a model of the rejected package: the one that serves, or a candidate with or without traffic. */
export const holds = ({ arn }: Pick<Decided, 'arn'>, { config, models }: Content): boolean =>
  (config?.ProductionVariants ?? []).some(({ ModelName }) => {
    const model = models.get(ModelName ?? '');
    return model !== undefined && packagesOfModel(model).some((one) => isSameName(one, arn));
  });

/** As `holds`, of the config that serves. The record is read only for parts that were deleted (DESIGN §7 rule 21). */
export const holdsNow = (decided: Decided, record: ReleaseRecord, look: Look): boolean => {
  const { config, models, live } = look;
  if (holds(decided, look)) return true;
  const isWhole = config?.ProductionVariants?.every(({ ModelName }) => models.has(ModelName ?? '')) ?? false;
  if (isWhole) return false;
  const shown = record.history.find(({ endpointConfig }) => endpointConfig === live.endpointConfig);
  return [shown, candidateOf(live, record)?.configuration].some((one) => one !== undefined && isOf(one, decided));
};

/** The configuration is of the rejected package, as a record has it. */
export const isOf = ({ packageVersion, version }: Configuration, decided: Decided): boolean =>
  packageVersion === undefined ? version === decided.version : packageVersion === decided.packageVersion;
