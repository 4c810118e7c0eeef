import { createAccounts } from './accounts.ts';
import { answerClock, send } from './clock-protocol.ts';
import type { SimulatedAccount, Simulator } from './contracts.ts';
import { createFaults } from './faults.ts';
import { createGateway } from './gateway.ts';
import { keepRun } from './kept-run.ts';
import { createKernel, type KernelOptions } from './kernel.ts';
import { createParticipants } from './participants.ts';
import { createPrincipals } from './principals.ts';
import { createRequestLog, type WireEntry, wireWriter } from './request-log.ts';
import { type Connection, listen } from './server.ts';
import type { Services } from './services/services.ts';
import { githubToken } from './services/sts.ts';
import type { StateFolder } from './state-folder.ts';
import { createWatchdog, followWallClock, sharedTime } from './wall-time.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

export interface SimulatorOptions extends KernelOptions {
  /** Roles that can be assumed: names in the account, or ARNs elsewhere. */
  readonly roles?: readonly string[];
  /** Every account begins with GitHub as an identity provider; default: true. */
  readonly withGithub?: boolean;
  readonly port?: number;
  /** Without a driver: virtual time follows the wall clock this many times as fast while no participant is registered. */
  readonly wallSpeed?: number;
  /** Appends the bytes of every call for tools/verify-with-botocore.py; default: the environment's SIMULATOR_WIRE_FILE. */
  readonly wireFile?: string;
  /** Gets the bytes of every call instead. */
  readonly wire?: (entry: WireEntry) => void;
  /** Keeps the run, from `takeUp` on. Its time, and not `startAt`, is that of the run. With `serve` a run cannot be repeated. */
  readonly state?: StateFolder;
}

export const defaultRoles: readonly string[] = [
  'model-deployer',
  'model-restorer',
  'model-registrar',
  'churn-serving',
  'iris-serving',
  'model-serving',
  'pipeline',
];

/** Starts a local AWS on one loopback port. @throws when the port is taken. */
export const startSimulator = async (options: SimulatorOptions = {}): Promise<Simulator> => {
  const { seed = 1, roles = defaultRoles } = options;
  const { state } = options;
  const { kernel, kernelOf, clock, events, settingsRead } = createKernel(
    state === undefined ? options : { ...options, startAt: state.beganAt },
  );
  let fail = (_reason: unknown): void => {};
  const failure = new Promise<never>((_, reject) => {
    fail = (reason) => reject(reason instanceof Error ? reason : new Error(String(reason)));
  });
  // The driver decides whether to read it; an unread failure is not a crash.
  failure.catch(() => {});

  const watchdog = createWatchdog(() => participants, fail);
  const guarded = {
    ...clock,
    advanceTo(instant: number): void {
      keptRun?.timeMoved();
      try {
        clock.advanceTo(instant);
      } catch (error) {
        // A defect in a service's timer belongs to the run, not to the participant whose sleep moved the time.
        fail(error);
      }
    },
  };
  const participants = createParticipants(guarded, () => watchdog.look());
  const driverId = options.wallSpeed === undefined ? participants.register('driver', 'driver') : undefined;

  // A driver moves time on its own.
  const sharedClock = (): number | undefined =>
    options.wallSpeed === 1 && keptRun?.isRepeating !== true ? sharedTime(clock) : undefined;
  const principals = createPrincipals(kernel, roles, sharedClock);
  const faults = createFaults();
  const wireFile = options.wireFile ?? process.env['SIMULATOR_WIRE_FILE'];
  const wire = options.wire ?? (wireFile === undefined ? () => {} : wireWriter(wireFile));
  const log = createRequestLog((entry) => {
    if (keptRun?.isRepeating !== true) wire(entry);
    keptRun?.note(entry);
  });
  const accounts = createAccounts(kernel, kernelOf, principals, options.withGithub ?? true);
  const gateway = createGateway({ seed, home: accounts.home, placeOf: accounts.of, principals, faults, log });
  const keptRun =
    state === undefined
      ? undefined
      : keepRun({
          folder: state,
          now: clock.now,
          advanceTo: guarded.advanceTo,
          carryOut: gateway.answer,
          places: accounts.size,
        });
  const faceOf = (services: Services): SimulatedAccount => ({
    call: (service, operation, input) => gateway.call(services, service, operation, input),
    hosting: services.hosting,
    metrics: services.metrics,
    harm: services.harm,
    reportTraining: services.reportTraining,
    traffic: services.traffic,
    mailbox: services.mailbox,
  });

  const answer = async (request: WireRequest, connection: Connection): Promise<WireAnswer | 'lost'> => {
    if (keptRun === undefined) return answerNow(request, connection);
    await keptRun.takenUp;
    const answered = await answerNow(request, connection);
    keptRun.noteTime();
    return answered;
  };
  const answerNow = async (request: WireRequest, connection: Connection): Promise<WireAnswer | 'lost'> => {
    watchdog.asked();
    if (request.path === '/clock/wall' && options.wallSpeed !== undefined)
      return send(200, { now: clock.now(), speed: options.wallSpeed });
    if (request.path.startsWith('/clock/participants'))
      return answerClock(request, connection, { clock, participants, urlOf });
    if (request.path === '/github/oidc-token') return send(200, { value: githubToken(kernel, request.query) });
    const carryOut = () => gateway.answer(request);
    const answered = await (keptRun === undefined ? carryOut() : keptRun.inTurn(carryOut));
    if (answered !== undefined) return answered;
    const about = `model-delivery's local AWS: account ${kernel.accountId}, ${kernel.region}. Point an AWS SDK here with AWS_ENDPOINT_URL.`;
    return request.method === 'GET' && request.path === '/'
      ? { status: 200, headers: { 'content-type': 'text/plain' }, body: Buffer.from(`${about}\n`) }
      : send(404, { message: `${request.method} ${request.path} is no AWS call this simulator knows` });
  };
  const server = await listen(answer, { port: options.port ?? 0, virtualNow: clock.now, onDefect: fail });
  const urlOf = (id: string): string => `${server.url}/clock/participants/${id}`;
  const follow = () =>
    options.wallSpeed === undefined ? undefined : followWallClock(guarded, participants, options.wallSpeed);
  let wall = state === undefined ? follow() : undefined;

  const sleepUntil = (until: number, signal?: AbortSignal): Promise<void> => {
    if (driverId === undefined) throw new Error('a simulator that follows the wall clock has no driver');
    const slept = new Promise<void>((resolve) => {
      if (signal?.aborted === true) return resolve();
      let abort = (): void => {};
      const sleep = participants.sleep(driverId, until, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      abort = () => {
        sleep.end();
        resolve();
      };
      return signal?.addEventListener('abort', abort, { once: true });
    });
    // The failure first: the sleep during which a timer failed ends all the same.
    return Promise.race([failure, slept]);
  };

  return {
    url: server.url,
    clock,
    driver: { now: clock.now, sleepUntil },
    register(name) {
      const id = participants.register(name);
      return { id, url: urlOf(id) };
    },
    remove: participants.remove,
    rouse: participants.rouse,
    stuck: failure,
    environment(participant) {
      const keys = principals.keysOf(participant?.url.split('/').at(-1) ?? 'p0');
      return {
        AWS_ENDPOINT_URL: server.url,
        AWS_REGION: kernel.region,
        AWS_DEFAULT_REGION: kernel.region,
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
        // At the speed of the wall clock the two are the same.
        ...(participant === undefined && options.wallSpeed !== undefined && options.wallSpeed !== 1
          ? { MODEL_DELIVERY_CLOCK: `${server.url}/clock/wall` }
          : {}),
        ...(participant === undefined ? {} : { MODEL_DELIVERY_CLOCK: participant.url }),
      };
    },
    requests: log.requests,
    events,
    settingsRead,
    faults,
    permit: (role, Action) =>
      principals.attach(role, {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
      }),
    attachPolicy: principals.attach,
    trust: principals.trust,
    objects: accounts.common.s3.objects,
    images: accounts.common.ecr.images,
    keys: accounts.common.keys,
    functions: accounts.home.functions,
    outside: accounts.home.outside,
    containers: accounts.home.containers,
    eventRules: accounts.home.eventRules,
    ...faceOf(accounts.home),
    account: (id, region = kernel.region) => faceOf(accounts.of(id, region)),
    async takeUp(now = clock.now()) {
      await keptRun?.takeUp();
      guarded.advanceTo(Math.max(now, clock.now()));
      wall ??= follow();
    },
    async close() {
      watchdog.stop();
      wall?.stop();
      await server.close();
      keptRun?.noteTime();
    },
  };
};
