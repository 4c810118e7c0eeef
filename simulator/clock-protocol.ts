import type { Clock } from './clock.ts';
import type { Participants } from './participants.ts';
import type { Connection } from './server.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

/** The clock over HTTP; the protocol is written above `Simulator` in contracts.ts. Instants are milliseconds; `null` is never. */
export const answerClock = async (
  request: WireRequest,
  connection: Connection,
  { clock, participants, urlOf }: { clock: Clock; participants: Participants; urlOf(id: string): string },
): Promise<WireAnswer | 'lost'> => {
  const [, , , id = '', verb] = request.path.split('/');
  const route = `${request.method} ${id === '' ? '' : ':id'}${verb === undefined ? '' : `/${verb}`}`;
  if (route === 'POST ') {
    const name = fieldOf(request.body, 'name');
    if (typeof name !== 'string') return send(400, { message: 'name must be a text' });
    const registered = participants.register(name);
    return send(200, { id: registered, url: urlOf(registered) });
  }
  if (!participants.has(id)) return send(404, { message: `no clock participant ${id}` });
  switch (route) {
    case 'GET :id':
      return new Promise((resolve) => participants.start(id, () => resolve(send(200, { now: clock.now() }))));
    case 'DELETE :id':
      participants.remove(id);
      return send(200, { now: clock.now() });
    case 'POST :id/sleep': {
      const until = fieldOf(request.body, 'until');
      if (until !== null && typeof until !== 'number')
        return send(400, { message: 'until must be an instant or null' });
      try {
        return await new Promise<WireAnswer>((resolve) => {
          const wake = () => resolve(send(200, { now: clock.now() }));
          const sleep = participants.sleep(id, until ?? Number.POSITIVE_INFINITY, wake);
          connection.onAbandoned(sleep.end);
        });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return send(409, { message: error.message });
      }
    }
    default:
      return send(405, { message: `${request.method} ${request.path} is not part of the clock protocol` });
  }
};

const fieldOf = (body: Buffer, name: string): unknown => {
  try {
    return JSON.parse(body.toString('utf8'))[name];
  } catch {
    return undefined;
  }
};

export const send = (status: number, value: object): WireAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(value)),
});
