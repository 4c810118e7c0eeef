import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { chooseClock } from '../../../src/hosts/clock.ts';
import { openRehearsalClock, refuseUnlessLoopback } from '../../../src/hosts/rehearsal-clock.ts';
import { wallClock } from '../../../src/hosts/wall-clock.ts';

/** The clock protocol of one participant, answered by hand. */
const participant = async (sleep: (until: number, answer: (now: number) => void, request: IncomingMessage) => void) => {
  let now = 1000;
  const reply = (response: ServerResponse) => response.end(JSON.stringify({ now }));
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      reply(response);
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const { until } = JSON.parse(body) as { until: number };
      const answer = (instant: number) => {
        now = instant;
        reply(response);
      };
      sleep(until, answer, request);
    });
    response.on('close', () => {
      if (!response.writableEnded) now = 1500;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}/clock/participants/p1` };
};

describe('the rehearsal clock', () => {
  const servers: { close(): void; closeAllConnections(): void }[] = [];
  const open = async (sleep: Parameters<typeof participant>[0]) => {
    const { server, url } = await participant(sleep);
    servers.push(server);
    return { clock: await openRehearsalClock(url), server };
  };
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  it('knows the instant it was opened at and the one it woke at', async () => {
    const { clock } = await open((until, answer) => answer(until));
    expect(clock.now()).toBe(1000);
    await clock.sleepUntil(61_000);
    expect(clock.now()).toBe(61_000);
    await clock.sleepUntil(60_000);
    expect(clock.now()).toBe(61_000);
  });

  it('asks over one connection, however often it sleeps', async () => {
    const { clock, server } = await open((until, answer) => answer(until));
    let connections = 0;
    server.on('connection', () => connections++);
    for (const instant of [2000, 3000, 4000]) await clock.sleepUntil(instant);
    expect(connections).toBe(0);
  });

  it('ends a sleep when its signal aborts, and asks how late it is', async () => {
    const cancel = new AbortController();
    const { clock } = await open(() => cancel.abort());
    await clock.sleepUntil(61_000, cancel.signal);
    expect(clock.now()).toBe(1500);
  });

  it('sleeps once for all of its parts, until the earliest instant, and again for the others', async () => {
    const asked: number[] = [];
    const { clock } = await open((until, answer) => {
      asked.push(until);
      answer(until);
    });
    const woken: string[] = [];
    const part = async (name: string, until: number): Promise<void> => {
      await clock.sleepUntil(until);
      expect(clock.now()).toBeGreaterThanOrEqual(until);
      woken.push(name);
    };
    await Promise.all([part('first', 2000), part('last', 4000), part('middle', 3000), part('beside the first', 2000)]);
    expect(woken).toEqual(['first', 'beside the first', 'middle', 'last']);
    // The simulator refuses a participant that sleeps twice at once.
    expect(asked).toEqual([2000, 3000, 4000]);
  });

  it('ends a long sleep for a part that wakes earlier, and takes it up again', async () => {
    const asked: number[] = [];
    let earlier = (): void => {};
    const { clock } = await open((until, answer) => {
      asked.push(until);
      if (asked.length === 1) earlier();
      else answer(until);
    });
    const woken: number[] = [];
    const early = new Promise<void>((resolve) => {
      earlier = () => resolve(clock.sleepUntil(3000).then(() => void woken.push(3000)));
    });
    await Promise.all([clock.sleepUntil(61_000).then(() => void woken.push(61_000)), early]);
    expect(asked).toEqual([61_000, 3000, 61_000]);
    expect(woken).toEqual([3000, 61_000]);
  });

  it('does not go on without its simulator', async () => {
    const { clock } = await open((_until, _answer, request) => request.socket.destroy());
    await expect(clock.sleepUntil(61_000)).rejects.toThrow();
  });
});

describe('which clock', () => {
  const loopback = {
    MODEL_DELIVERY_CLOCK: 'http://127.0.0.1:9/clock/participants/p1',
    AWS_ENDPOINT_URL: 'http://localhost:9',
  };

  it('is the wall clock when no participant is named', async () => {
    expect(await chooseClock({})).toBe(wallClock);
  });

  it('may be virtual when every call stays on this machine', () => {
    expect(() => refuseUnlessLoopback({ ...loopback, AWS_ENDPOINT_URL_S3: 'http://[::1]:9' })).not.toThrow();
  });

  it.each([
    [{ AWS_ENDPOINT_URL: undefined }, 'AWS_ENDPOINT_URL is not set'],
    [{ AWS_ENDPOINT_URL: 'https://sagemaker.eu-west-1.amazonaws.com' }, 'AWS_ENDPOINT_URL is'],
    [{ AWS_ENDPOINT_URL_S3: 'http://10.0.0.1' }, 'AWS_ENDPOINT_URL_S3 is'],
    [{ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1.example.com' }, 'AWS_ENDPOINT_URL_S3 is'],
    [{ AWS_ENDPOINT_URL_STS: 'nonsense' }, 'AWS_ENDPOINT_URL_STS is'],
    [{ MODEL_DELIVERY_CLOCK: 'http://example.com/' }, 'MODEL_DELIVERY_CLOCK is'],
    [{ MODEL_DELIVERY_CLOCK: 'http://127.0.0.1:9/clock/wall' }, 'only the command line follows'],
    [{ AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'],
  ])('is refused when virtual with %j', async (change, message) => {
    await expect(chooseClock({ ...loopback, ...change })).rejects.toThrow(message);
  });
});
