import type { Clock } from './clock.ts';
import type { Instant } from './contracts.ts';

/**
 * The running and the sleeping participants (pure). Time moves only when every participant sleeps, and then only to the earliest
 * finite wake-up; the timers due until then run first, then exactly one participant wakes. So no event depends on the speed of a
 * process.
 */
export interface Participants {
  /** Registered participants count as running: time stands still until a spawned process has started and sleeps. */
  register(name: string, role?: 'driver' | 'process'): string;
  /** Removes it in any state. Its sleep gets no answer: the process is gone. */
  remove(id: string): void;
  /** Falls asleep; `wake` is called once, unless the sleep ends by `end`, `rouse` or `remove`. */
  sleep(id: string, until: Instant, wake: () => void): Sleep;
  /** Awake from now on, though its sleep is unanswered; see Simulator.rouse. */
  rouse(id: string): void;
  /**
   * The first contact of a started process. Calls `go` when no earlier-registered participant is still starting and no other
   * process runs (the driver may: it waits for the one it has just spawned). So processes spawned side by side also take their
   * first turns in order of registration.
   */
  start(id: string, go: () => void): void;
  has(id: string): boolean;
  /** Every participant that blocks time, in order of registration. */
  running(): readonly Running[];
  readonly size: number;
}

export interface Running {
  readonly id: string;
  readonly name: string;
  readonly role: 'driver' | 'process';
}

export interface Sleep {
  /** The sleeper gave up waiting (its signal fired, its connection closed): it runs from now on. */
  end(): void;
}

interface Participant {
  readonly id: string;
  readonly name: string;
  readonly role: 'driver' | 'process';
  state:
    | { readonly is: 'running' }
    | { readonly is: 'starting'; readonly go?: () => void }
    | { readonly is: 'asleep'; readonly until: Instant; readonly wake: () => void };
}

/** `changed` is called after every change of the running participants. */
export const createParticipants = (clock: Clock, changed: () => void = () => {}): Participants => {
  const participants = new Map<string, Participant>();
  let registered = 0;
  let moving = false;

  const find = (id: string): Participant => {
    const participant = participants.get(id);
    if (participant === undefined) throw new RangeError(`no clock participant ${id}`);
    return participant;
  };

  const run = (participant: Participant): void => {
    participant.state = { is: 'running' };
  };

  /** The starting participant whose turn it is: the first registered, once no other started process runs. */
  const nextStart = (): Participant | undefined => {
    const others = [...participants.values()].filter((p) => p.role === 'process');
    if (others.some((p) => p.state.is === 'running')) return undefined;
    return others.find((p) => p.state.is === 'starting');
  };

  const nextWake = (): { participant: Participant; until: Instant; wake: () => void } | undefined => {
    let next: { participant: Participant; until: Instant; wake: () => void } | undefined;
    for (const participant of participants.values()) {
      const { state } = participant;
      if (state.is !== 'asleep') return undefined;
      const until = Math.max(state.until, clock.now());
      if (Number.isFinite(until) && (next === undefined || until < next.until)) {
        next = { participant, until, wake: state.wake };
      }
    }
    return next;
  };

  /** Gives the turn to the next participant, if there is one. It may fall asleep again at once, hence the loop and its guard. */
  const move = (): void => {
    if (moving) return;
    moving = true;
    try {
      for (;;) {
        const starting = nextStart();
        if (starting?.state.is === 'starting' && starting.state.go !== undefined) {
          const { go } = starting.state;
          run(starting);
          go();
          continue;
        }
        const next = nextWake();
        if (next === undefined) break;
        const asleep = next.participant.state;
        clock.advanceTo(next.until);
        // A timer may have roused or removed a participant; then the choice is made again.
        if (nextWake()?.participant !== next.participant || next.participant.state !== asleep) continue;
        run(next.participant);
        next.wake();
      }
    } finally {
      moving = false;
      changed();
    }
  };

  return {
    register(name, role = 'process') {
      const id = `p${registered++}`;
      participants.set(id, { id, name, role, state: { is: role === 'driver' ? 'running' : 'starting' } });
      changed();
      return id;
    },
    remove(id) {
      if (participants.delete(id)) move();
    },
    sleep(id, until, wake) {
      const participant = find(id);
      if (participant.state.is === 'asleep') throw new RangeError(`${participant.name} already sleeps`);
      if (Number.isNaN(until)) throw new RangeError(`${participant.name}: the instant is not a number`);
      const asleep = { is: 'asleep', until, wake } as const;
      participant.state = asleep;
      move();
      return {
        end() {
          // Only this very sleep: after a rouse the same participant may already be in its next one.
          if (participants.get(id) !== participant || participant.state !== asleep) return;
          run(participant);
          changed();
        },
      };
    },
    rouse(id) {
      const participant = find(id);
      if (participant.state.is !== 'asleep') return;
      run(participant);
      changed();
    },
    start(id, go) {
      const participant = find(id);
      if (participant.state.is !== 'starting') {
        // A caller is awake, even if the close of its abandoned sleep has not arrived yet.
        if (participant.state.is === 'asleep') this.rouse(id);
        go();
        return;
      }
      participant.state = { is: 'starting', go };
      move();
    },
    has: (id) => participants.has(id),
    running: () =>
      [...participants.values()]
        .filter((p) => p.state.is !== 'asleep')
        .map(({ id, name, role }) => ({ id, name, role })),
    get size() {
      return participants.size;
    },
  };
};
