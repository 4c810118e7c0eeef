import type { SimulatedEvent, Simulator } from '../../simulator/contracts.ts';
import { seconds } from '../clock.ts';
import { percent } from '../judge/amounts.ts';
import { beginJudging, type Judging, observeBucket, verdictOf } from '../judge/judge.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { journalKey, releasesOf } from '../release/location.ts';
import { wholeJournal } from '../release/segments.ts';
import { bucketsAt, readWitnessed } from '../release/witnessed.ts';
import type { Chapter, EvidenceMinute } from '../report/story.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { rehearsedTeam } from './manifest.ts';

const teamReleases = releasesOf({}, { partition: 'aws', region: rehearsedTeam.region, id: rehearsedTeam.account });

/** The verdicts of a release's judge after each minute: its journal beside the release record, replayed. */
export const chartEvidenceOf = (
  simulator: Simulator,
  endpoint: string,
  release: string | undefined,
  location: S3Location = teamReleases,
): readonly EvidenceMinute[] => {
  if (release === undefined) return [];
  const journal = wholeJournal((segment) =>
    simulator.objects.get(location.bucket, journalKey(location, endpoint, release, segment))?.body.toString(),
  );
  return journal ? replayed(journal) : [];
};

const replayed = (text: string): readonly EvidenceMinute[] => {
  const { policy, looks } = readWitnessed(text);
  if (policy === undefined) return [];
  let judging: Judging = beginJudging(policy);
  return [...bucketsAt(looks).values()]
    .toSorted((a, b) => a.t - b.t)
    .map((bucket) => {
      judging = observeBucket(judging, bucket);
      return minuteOf(verdictOf(judging));
    });
};

const minuteOf = ({ t, logEvidence, threshold, evidence }: Verdict): EvidenceMinute => {
  const proofs = Object.values(evidence).flatMap(({ logHealth, healthThreshold }) =>
    healthThreshold === undefined ? [] : [{ log: logHealth, threshold: healthThreshold }],
  );
  const [farthest] = proofs.toSorted((a, b) => a.log - a.threshold - (b.log - b.threshold));
  return {
    minute: seconds(t),
    worse: { log: logEvidence, threshold },
    ...withoutUndefined({ healthy: farthest }),
  };
};

/** From the end of each change of weights to the beginning of the next change: `10 %`. */
export const walkedSteps = (events: readonly SimulatedEvent[]): Chapter['bakes'] => {
  const onEndpoint = events.filter(({ source }) => source === 'endpoint');
  return onEndpoint.flatMap(({ what, detail }, i) => {
    const share = what === 'rescaling' ? candidateShare(detail) : undefined;
    const from = onEndpoint[i + 1]?.at;
    const to = onEndpoint[i + 2]?.at ?? events.at(-1)?.at;
    return share && from !== undefined && to !== undefined && to > from ? [{ from, to, label: percent(share) }] : [];
  });
};

/** `AllTraffic: weight 0.9, 4 instance(s); AllTraffic-next: weight 0.1, 4 instance(s)`. */
const candidateShare = (detail: string): number | undefined => {
  const weights = [...detail.matchAll(/(\S+): weight ([\d.e-]+)/g)].map(
    ([, variant = '', weight]) => [variant, Number(weight)] as const,
  );
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  const candidate = weights.find(([variant]) => variant.endsWith('-next'))?.[1];
  return candidate === undefined || total === 0 ? undefined : candidate / total;
};
