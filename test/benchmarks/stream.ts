/** What every judge gets: one bucket per interval, both arms, counts only. The line format of `model-delivery judge`. */
export interface Row {
  readonly t: number;
  readonly seconds: number;
  readonly moved: boolean;
  readonly share: number;
  readonly candidate?: RowArm;
  readonly baseline?: RowArm;
  /** As read by the first look after its end, where later ones read something else. */
  readonly early?: { readonly candidate?: RowArm; readonly baseline?: RowArm };
}
export interface RowArm {
  readonly n: number;
  readonly err: number;
  readonly err4xx?: number;
  /** Requests up to the first latency edge, between edges, above the last. */
  readonly cells?: readonly number[];
  /** Of the whole minute; in the bucket that ends it. */
  readonly p99?: number;
  /** Requests by predicted class. */
  readonly predictions?: readonly number[];
  /** Further metrics: bad events by name. */
  readonly more?: Readonly<Record<string, number>>;
}

export interface PastMinute {
  readonly requests: number;
  readonly bad: number;
  readonly predictions?: readonly number[];
}

export interface Run {
  readonly rows: readonly Row[];
  /** Baseline, minute by minute, of the day before; empty without one. */
  readonly history: readonly PastMinute[];
  /** Additional bad requests per candidate request, in each row: what is true, whatever was drawn. */
  readonly excess: readonly number[];
  /** Rows in which the old fleet had an incident of its own. */
  readonly ill: readonly boolean[];
  /** Seconds until the candidate's fault begins. */
  readonly onset: number;
  /** The policy counts 4xx answers as bad. */
  readonly clientErrorsJudged: boolean;
  /** The effect of a difference between the arms' predictions; absent where they are not counted. */
  readonly predictionsVerdict?: 'hold' | 'convict';
}

export interface Setting {
  readonly requestsPerSecond: number;
  readonly bucketSeconds: 10 | 60;
  readonly plan: 'fixed' | 'ramp';
  /** A day before, unless there is none. */
  readonly history?: 'none';
}

/** When a judge ended it, as the index of the row after which it spoke; undefined = never. */
export interface Ruling {
  readonly rolledBackAt?: number;
  /** Why, in one word, when there are several ways. */
  readonly by?: string;
  /** Rows after which it said that the candidate is healthy, in order. */
  readonly healthyAt: readonly number[];
  /** Rows after which it kept the share because the predictions differ. */
  readonly heldAt?: readonly number[];
}

export interface Contestant {
  readonly name: string;
  /** Looks at the same counts before it takes the traffic back; 1 by default. */
  readonly looks?: number;
  rule(run: Run, setting: Setting): Ruling;
}

/** Rows summed up to whole minutes, for judges that look once a minute: what a 60 s metric of the same requests says. */
export interface Minute extends Arms {
  readonly lastRow: number;
  /** As read at its end, where later looks read something else. */
  readonly early?: Arms;
}
interface Arms {
  readonly candidate: MinuteArm | undefined;
  readonly baseline: MinuteArm | undefined;
}
export interface MinuteArm {
  readonly n: number;
  readonly err: number;
  /** Where the policy counts them. */
  readonly err4xx: number;
  readonly p99: number | undefined;
}

export const minutesOf = ({ rows, clientErrorsJudged }: Run, { bucketSeconds }: Setting): readonly Minute[] => {
  const perMinute = 60 / bucketSeconds;
  const minutes: Minute[] = [];
  const total = totalOf(clientErrorsJudged);
  for (let first = 0; first < rows.length; first += perMinute) {
    const part = rows.slice(first, first + perMinute);
    const before = part.slice(0, -1);
    const early = part.at(-1)?.early;
    minutes.push({
      lastRow: first + part.length - 1,
      candidate: total(part.map(({ candidate }) => candidate)),
      baseline: total(part.map(({ baseline }) => baseline)),
      ...(early
        ? {
            early: {
              candidate: total([...before.map(({ candidate }) => candidate), early.candidate]),
              baseline: total([...before.map(({ baseline }) => baseline), early.baseline]),
            },
          }
        : {}),
    });
  }
  return minutes;
};

/** What a look at the end of minute `end` reads: the newest minute is provisional. */
export const seenAt = (minutes: readonly Minute[], end: number): readonly Minute[] =>
  minutes.slice(0, end).map((minute, index) => (index === end - 1 ? { ...minute, ...minute.early } : minute));

const totalOf =
  (clientErrorsJudged: boolean) =>
  (arms: readonly (RowArm | undefined)[]): MinuteArm | undefined => {
    const known = arms.filter((arm) => arm !== undefined);
    if (known.length === 0) return undefined;
    return {
      n: known.reduce((sum, arm) => sum + arm.n, 0),
      err: known.reduce((sum, arm) => sum + arm.err, 0),
      err4xx: clientErrorsJudged ? known.reduce((sum, arm) => sum + (arm.err4xx ?? 0), 0) : 0,
      p99: known.at(-1)?.p99,
    };
  };
