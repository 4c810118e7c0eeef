import { type Clock, type Instant, iso, seconds } from '../../clock.ts';
import { counted } from '../../judge/amounts.ts';
import { type Fleet, type Wave, wavesOf } from '../../manifest/fleet.ts';
import { loadFleet } from '../../manifest/fleet-schema.ts';
import { environmentOf, loadManifest } from '../../manifest/load.ts';
import { reasonCodes } from '../../reason-codes.ts';
import { InputError } from '../../schema.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { type Aim, type FleetRequest, type Roll, type Steering, type TurnPlace, timestamp } from './fleet-event.ts';
import { beside, type FleetReport, type FleetStore, folderOf, type ReportedEndpoint } from './fleet-store.ts';

/** What the state machine does next. */
export type Steered =
  | {
      readonly next: 'move';
      readonly roll: Roll;
      readonly wave: { readonly index: number; readonly tolerated: number };
      readonly after: Aim;
      readonly began: string;
      readonly places: readonly PlaceOfWave[];
    }
  | {
      readonly next: 'bake';
      readonly roll: Roll;
      readonly wave: { readonly index: number; readonly tolerated: number };
      readonly after: 'bake';
      readonly began: string;
      readonly until: string;
      readonly places: readonly [];
    }
  | { readonly next: 'succeed'; readonly report: string; readonly because: string }
  | { readonly next: 'stop'; readonly because: string };

interface PlaceOfWave {
  readonly place: TurnPlace;
  readonly maxConcurrent: number;
  /** Each with its slot: the rate of requests decides how soon one begins after the other. */
  readonly endpoints: readonly { readonly endpoint: string; readonly notBefore: string }[];
}

/** Whether one of these alarms is red in a place: their names. */
export type RedAlarms = (place: TurnPlace, alarms: readonly string[]) => Promise<readonly string[]>;

/**
 * The beginning of an execution: reads and checks the files, and gives out the first wave.
 * @throws {InputError} naming the file and the place of each mistake; nothing was written
 */
export const openRoll = async (
  { fleet: uri, version, retry = false }: FleetRequest,
  execution: string,
  store: FleetStore,
  clock: Clock,
): Promise<Steered> => {
  const file = await store.text(uri);
  const fleet = loadFleet(file.text, uri);
  const manifestUri = beside(uri, fleet.manifest);
  const manifest = await store.text(manifestUri);
  environmentOf(loadManifest(manifest.text, manifestUri), fleet.environment);
  if (version.trim() === '') throw new InputError('version: is empty; expected e.g. 1.4.0');
  const roll: Roll = {
    ...{ fleet: uri, fleetSha256: file.sha256, manifest: manifestUri, manifestSha256: manifest.sha256 },
    ...{ environment: fleet.environment, version, retry, execution },
  };
  // A redriven execution begins anew, and its report with it.
  await store.writeReport(roll, { 'schema-version': 1, version, waves: [], outcome: 'rolling', because: 'began' });
  return move(roll, wavesOf(fleet).waves, 0, [], clock.now());
};

/** The step after a wave, a bake or the way back. @throws {InputError} when the fleet's file changed during the execution */
export const steer = async (
  state: Steering,
  store: FleetStore,
  clock: Clock,
  redAlarms: RedAlarms,
): Promise<Steered> => {
  const { roll } = state;
  const file = await store.text(roll.fleet);
  if (file.sha256 !== roll.fleetSha256)
    throw new InputError(`${roll.fleet} changed during the execution; start a new one: it goes on where this one ends`);
  const fleet = loadFleet(file.text, roll.fleet);
  const { waves } = wavesOf(fleet);
  const index = state.wave.index;
  const wave = waves[index];
  if (wave === undefined)
    throw new InputError(`wave: the fleet has ${counted(waves.length, 'wave')}, and none ${index}`);
  const report = (await store.report(roll)) ?? fail(roll);
  const ends = endsOf(state);

  switch (state.after) {
    case 'deliver': {
      const cost = costOf(state);
      const ended = {
        ...{ name: wave.name, began: state.began, ended: iso(clock.now()), endpoints: ends },
        ...withoutUndefined({ 'requests-per-endpoint': cost }),
      };
      // A turn that Lambda took twice reports its wave once.
      const reported: FleetReport = { ...report, waves: [...report.waves.slice(0, index), ended] };
      const bad = ends.filter(({ outcome }) => outcome !== 'succeeded');
      if (bad.length > wave.tolerated) return stop(roll, fleet, index, reported, whyStopped(wave, bad), store, clock);
      await store.writeReport(roll, reported);
      if (wave.bakeSeconds === 0) return goOn(roll, waves, index, reported, store, clock);
      const until = timestamp(clock.now() + seconds(wave.bakeSeconds));
      return { next: 'bake', roll, wave: state.wave, after: 'bake', began: state.began, until, places: [] };
    }
    case 'bake': {
      const red = await redIn(fleet, waves.slice(0, index + 1), redAlarms);
      if (red.length > 0)
        return stop(
          roll,
          fleet,
          index,
          report,
          `red during the bake of wave ${wave.name}: ${red.join(', ')}`,
          store,
          clock,
        );
      return goOn(roll, waves, index, report, store, clock);
    }
    case 'roll-back': {
      const lost = ends.filter(({ outcome }) => outcome !== 'succeeded').length;
      const back = `${counted(ends.length - lost, 'endpoint')} of wave ${wave.name} went back${lost === 0 ? '' : `, and ${lost} did not`}`;
      const reported: FleetReport = {
        ...report,
        waves: report.waves.map((one, at) => (at === index ? { ...one, 'rolled-back': ends } : one)),
        // A turn that Lambda took twice says it once.
        because: report.because.includes(back) ? report.because : `${report.because}; ${back}`,
      };
      await store.writeReport(roll, reported);
      return takeBack(roll, fleet, fleet.onStop === 'roll-back-all' ? index - 1 : -1, reported, clock);
    }
  }
};

const fail = (roll: Roll): never => {
  throw new InputError(`${folderOf(roll)}report.json is gone; start a new execution: it goes on where this one ends`);
};

const move = (
  roll: Roll,
  waves: readonly Wave[],
  index: number,
  reported: FleetReport['waves'],
  now: Instant,
): Steered => {
  const wave = waves[index];
  if (wave === undefined) throw new Error(`there is no wave ${index}`);
  return {
    ...{ next: 'move', roll, after: 'deliver', began: iso(now) },
    wave: { index, tolerated: wave.tolerated },
    places: wave.at.map(({ place, endpoints }) => placeOfWave(place, endpoints, reported, now)),
  };
};

/** Before anything was measured: of a release all at once, with instances that start within minutes. */
const firstGuess = 60;

/**
 * The part of the rate that new releases take. Requests come in bursts, so at the whole rate their queue would only grow; a release that is throttled
 * waits, and does not fail.
 */
const taken = 0.97;

const placeOfWave = (
  place: Fleet['places'][number],
  endpoints: readonly string[],
  reported: FleetReport['waves'],
  now: Instant,
): PlaceOfWave => {
  const measured = reported.flatMap(({ 'requests-per-endpoint': cost }) => (cost === undefined ? [] : [cost])).at(-1);
  const pause = seconds((measured ?? firstGuess) / (place.requestsPerSecond * taken));
  return {
    place: turnPlace(place),
    maxConcurrent: place.maxConcurrent,
    endpoints: endpoints.map((endpoint, at) => ({ endpoint, notBefore: timestamp(now + at * pause) })),
  };
};

/** Of the endpoints that got the version; undefined when none did. */
const costOf = ({ results = [] }: Steering): number | undefined => {
  const delivered = results.flat().filter(({ reason }) => reason === 'delivered');
  return delivered.length === 0
    ? undefined
    : Math.round(delivered.reduce((sum, { requests }) => sum + requests, 0) / delivered.length);
};

const turnPlace = ({ account, region, role, rollbackRole, releases }: Fleet['places'][number]): TurnPlace =>
  withoutUndefined({ account, region, role, 'rollback-role': rollbackRole, releases });

/** Every endpoint that was given out. One whose execution was lost has no result. */
const endsOf = ({ places, results = [] }: Steering): readonly ReportedEndpoint[] =>
  places.flatMap(({ place: { account, region }, endpoints }, at) => {
    const ends = new Map((results[at] ?? []).map((end) => [end.endpoint, end]));
    return endpoints.map(({ endpoint }): ReportedEndpoint => {
      const { outcome, reason } = ends.get(endpoint) ?? lost;
      return { account, region, endpoint, outcome, reason };
    });
  });
const lost = { outcome: reasonCodes['internal-error'].outcome, reason: 'internal-error' } as const;

const whyStopped = ({ name, size, tolerated }: Wave, bad: readonly ReportedEndpoint[]): string => {
  const failed = bad.filter(({ reason }) => reason !== 'line-stopped');
  const notBegun = bad.length - failed.length;
  const first = failed.slice(0, 3).map(({ endpoint, outcome, reason }) => `${endpoint} ${outcome}/${reason}`);
  return `${failed.length} of ${counted(size, 'endpoint')} of wave ${name} failed, and ${tolerated} may: ${first.join(', ')}${failed.length > first.length ? ', …' : ''}${notBegun === 0 ? '' : `; ${notBegun} ${notBegun === 1 ? 'was' : 'were'} not begun`}`;
};

const redIn = async (fleet: Fleet, waves: readonly Wave[], redAlarms: RedAlarms): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const place of fleet.places) {
    if (place.alarms.length === 0 || !waves.some(({ at }) => at.some((one) => one.place === place))) continue;
    for (const name of await redAlarms(turnPlace(place), place.alarms)) found.push(`${name} in ${place.region}`);
  }
  return found;
};

const goOn = async (
  roll: Roll,
  waves: readonly Wave[],
  index: number,
  report: FleetReport,
  store: FleetStore,
  clock: Clock,
): Promise<Steered> => {
  if (index + 1 < waves.length) return move(roll, waves, index + 1, report.waves, clock.now());
  const all = report.waves.flatMap(({ endpoints }) => endpoints);
  const good = all.filter(({ outcome }) => outcome === 'succeeded').length;
  const because = `${good} of ${counted(all.length, 'endpoint')} serve ${roll.version}, in ${counted(waves.length, 'wave')}`;
  await store.writeReport(roll, { ...report, outcome: 'succeeded', because });
  return { next: 'succeed', report: `${folderOf(roll)}report.json`, because };
};

/** No new wave. What this execution delivered goes back only where the fleet declares it. */
const stop = async (
  roll: Roll,
  fleet: Fleet,
  index: number,
  report: FleetReport,
  because: string,
  store: FleetStore,
  clock: Clock,
): Promise<Steered> => {
  const stopped: FleetReport = { ...report, outcome: 'stopped', because };
  await store.writeReport(roll, stopped);
  return takeBack(roll, fleet, fleet.onStop === 'keep' ? -1 : index, stopped, clock);
};

/** The way back, one wave after the other, the youngest first: the state of the state machine holds the results of one wave. */
const takeBack = (roll: Roll, fleet: Fleet, from: number, report: FleetReport, clock: Clock): Steered => {
  for (let index = from; index >= 0; index--) {
    const delivered = (report.waves[index]?.endpoints ?? []).filter(({ reason }) => reason === 'delivered');
    const places = fleet.places.flatMap((place) => {
      const endpoints = delivered
        .filter(({ account, region }) => account === place.account && region === place.region)
        .map(({ endpoint }) => endpoint);
      return endpoints.length === 0 ? [] : [placeOfWave(place, endpoints, report.waves, clock.now())];
    });
    if (places.length > 0)
      return {
        ...{ next: 'move', roll, after: 'roll-back', began: iso(clock.now()), places },
        wave: { index, tolerated: 0 },
      };
    if (fleet.onStop !== 'roll-back-all') break;
  }
  // A state Fail shows its cause, and nothing else.
  return { next: 'stop', because: `${report.because} (${folderOf(roll)}report.json)` };
};
