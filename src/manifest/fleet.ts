/** A fleet in its parsed form: endpoints of one kind that get a version in waves. */
export interface Fleet {
  /** Path of the manifest, from the folder of the fleet's file. */
  readonly manifest: string;
  /** The environment whose settings hold for every endpoint. */
  readonly environment: string;
  readonly places: readonly FleetPlace[];
  readonly waves: readonly WaveSpec[];
  /** What becomes of the endpoints that this roll has delivered to, once the line stops. */
  readonly onStop: OnStop;
}

export const onStopChoices = ['keep', 'roll-back-wave', 'roll-back-all'] as const;
export type OnStop = (typeof onStopChoices)[number];

/** An account and region with endpoints of the fleet. SageMaker limits the rate of requests for each of them. */
export interface FleetPlace {
  readonly account: string;
  readonly region: string;
  /** In place of the environment's. */
  readonly role?: string;
  readonly rollbackRole?: string;
  readonly releases?: string;
  /** Releases under way at one time. */
  readonly maxConcurrent: number;
  /** Of SageMaker's control plane, for the fleet. */
  readonly requestsPerSecond: number;
  /** CloudWatch alarms that stop the line while they are red. */
  readonly alarms: readonly string[];
  readonly endpoints: readonly FleetEndpoint[];
}
export interface FleetEndpoint {
  readonly name: string;
  readonly tags: readonly string[];
}

export interface WaveSpec {
  readonly name: string;
  readonly takes: WaveChoice;
  readonly bakeSeconds: number;
  readonly tolerated: Tolerated;
}
export type WaveChoice =
  | { readonly is: 'endpoints'; readonly names: readonly string[] }
  | { readonly is: 'tag'; readonly tag: string }
  | { readonly is: 'count'; readonly count: number }
  /** Of all endpoints of the fleet, rounded up. */
  | { readonly is: 'share'; readonly share: number }
  | { readonly is: 'rest' };
/** Endpoints of a wave that may end otherwise than served; a share is rounded down. */
export type Tolerated =
  | { readonly is: 'count'; readonly count: number }
  | { readonly is: 'share'; readonly share: number };

export interface Wave {
  readonly name: string;
  readonly bakeSeconds: number;
  readonly tolerated: number;
  /** Endpoints by place: an entry for each place of the fleet that has some in this wave. */
  readonly at: readonly { readonly place: FleetPlace; readonly endpoints: readonly string[] }[];
  readonly size: number;
}

/**
 * The state of a state machine holds the results of a whole wave, and Step Functions takes 262,144 bytes of it ("Quotas"). An endpoint
 * with the longest name needs 200 of them.
 */
export const largestWave = 1000;

/** A mistake in the waves, with the index of its wave. */
export interface WaveFault {
  readonly wave: number;
  readonly key?: string;
  readonly message: string;
}

/** Each endpoint in the first wave that takes it, in the order of the file. */
export const wavesOf = ({
  places,
  waves,
}: Pick<Fleet, 'places' | 'waves'>): { readonly waves: readonly Wave[]; readonly faults: readonly WaveFault[] } => {
  let left = places.flatMap((place) => place.endpoints.map((endpoint) => ({ place, endpoint })));
  const total = left.length;
  const faults: WaveFault[] = [];
  const made = waves.map((wave, index): Wave => {
    const taken = new Set(chosen(wave.takes, left, total));
    left = left.filter((one) => !taken.has(one));
    const at = places.flatMap((place) => {
      const endpoints = [...taken].filter((one) => one.place === place).map(({ endpoint }) => endpoint.name);
      return endpoints.length === 0 ? [] : [{ place, endpoints }];
    });
    const size = taken.size;
    if (size === 0)
      faults.push({
        wave: index,
        message: 'takes no endpoint: none that it means is left; remove it, or correct its choice',
      });
    if (size > largestWave)
      faults.push({
        wave: index,
        message: `takes ${size} endpoints, and a wave has at most ${largestWave}; divide it`,
      });
    for (const key of unknownIn(wave.takes, places))
      faults.push({ wave: index, key: wave.takes.is, message: `names ${key}, which the fleet does not have` });
    const { tolerated } = wave;
    return {
      ...{ name: wave.name, bakeSeconds: wave.bakeSeconds, at, size },
      tolerated:
        tolerated.is === 'count' ? tolerated.count : Math.floor(Number((tolerated.share * size).toPrecision(12))),
    };
  });
  if (left.length > 0)
    faults.push({
      wave: waves.length - 1,
      message: `is the last, and ${left.length} of ${total} endpoints are in no wave; let the last wave take the rest: give it a name and nothing that chooses`,
    });
  return { waves: made, faults };
};

interface Candidate {
  readonly place: FleetPlace;
  readonly endpoint: FleetEndpoint;
}

const chosen = (takes: WaveChoice, left: readonly Candidate[], total: number): readonly Candidate[] => {
  switch (takes.is) {
    case 'endpoints':
      return left.filter(({ endpoint }) => takes.names.includes(endpoint.name));
    case 'tag':
      return left.filter(({ endpoint }) => endpoint.tags.includes(takes.tag));
    case 'count':
      return left.slice(0, takes.count);
    case 'share':
      return left.slice(0, Math.ceil(Number((takes.share * total).toPrecision(12))));
    case 'rest':
      return left;
  }
};

const unknownIn = (takes: WaveChoice, places: readonly FleetPlace[]): readonly string[] => {
  const all = places.flatMap(({ endpoints }) => endpoints);
  if (takes.is === 'endpoints') return takes.names.filter((name) => !all.some((one) => one.name === name));
  return takes.is === 'tag' && !all.some(({ tags }) => tags.includes(takes.tag)) ? [`the tag ${takes.tag}`] : [];
};
