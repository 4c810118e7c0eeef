import { readArchive } from '../../../simulator/containers/archive.ts';
import { type Inference, rowLength, wellBehaved } from '../../../simulator/containers/model-server.ts';
import type { StandIn, TrafficOptions } from '../../../simulator/contracts.ts';
import { goldenSet } from '../../../simulator/fixtures/fixtures.ts';
import type { Behaviour } from '../own/behaviour.ts';
import { standIn } from '../own/stand-in.ts';

export interface StandIns {
  readonly serve: StandIn;
  /** From now on a version that has not served yet is the candidate. */
  candidates(): void;
  /** A sentence about each version that served, in their order. */
  served(): readonly string[];
  /** Whose rows the requests are. */
  requests(): NonNullable<TrafficOptions['model']>;
}

export interface Behaviours {
  /** The models of the workflow serve themselves. */
  readonly own: boolean;
  readonly baseline: Behaviour;
  /** Absent: as the baseline. */
  readonly candidate?: { readonly is: string; readonly behaviour: Behaviour };
}

/** What serves: the versions of the user, or the simulator's own model in their place. */
export const createStandIns = ({ own, baseline, candidate }: Behaviours): StandIns => {
  const versions = new Map<string, { readonly isCandidate: boolean; readonly is: string }>();
  let candidatesNow = false;
  let rows: number | undefined;

  const serve: StandIn = (identity, files) => {
    const isCandidate = versions.get(identity)?.isCandidate ?? (candidatesNow && candidate !== undefined);
    const behaves = isCandidate && candidate !== undefined ? candidate.is : 'the version that serves';
    versions.set(identity, { isCandidate, is: `${own ? 'your model' : 'a stand-in'}, as ${behaves}` });
    const behaviour = isCandidate ? candidate?.behaviour : undefined;
    if (!own) return readArchive(standIn('stand-in', { ...baseline, ...behaviour }));
    if (files === undefined) return undefined;
    rows = rowLength(files) ?? rows;
    if (behaviour === undefined) return undefined;
    const written = files.get('inference.json')?.toString();
    const usual = written === undefined ? wellBehaved : (JSON.parse(written) as Inference);
    return new Map([...files, ['inference.json', Buffer.from(JSON.stringify({ ...usual, ...behaviour }))]]);
  };

  return {
    serve,
    candidates: () => {
      candidatesNow = true;
    },
    served: () => [...versions].map(([identity, { is }]) => `${shortName(identity)}: ${is}`),
    requests: () => (own && rows === segmentColumns() ? 'segments' : 'iris'),
  };
};

/** `iris/3` of the ARN of a package. A test of a version that is not approved yet makes a model of its data. */
export const shortName = (identity: string): string =>
  identity.startsWith('arn:') ? identity.replace(/^.*:model-package\//, '') : `model data ${identity.slice(0, 8)}`;

const segmentColumns = (): number => {
  const [header = ''] = goldenSet('segments').content.toString('utf8').split('\n');
  return header.split(',').length - 2;
};
