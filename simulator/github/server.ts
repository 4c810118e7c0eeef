import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Call, callOf } from './description.ts';
import { type Answer, acceptedPermissions, notFound, type Received, routes } from './routes.ts';
import { emptyState, type Person, type State } from './state.ts';

/**
 * A GitHub on this machine: one repository, its REST calls over a real socket, so that a bundle run as a process reaches it. It refuses a
 * call that it does not have; an inspector may check requests and answers further. `close` throws when one of them did not fit.
 */

export interface FakeGitHub {
  /** Base of the API, as `GITHUB_API_URL` has it. */
  readonly url: string;
  readonly repository: string;
  readonly token: string;
  readonly state: State;
  readonly requests: readonly GitHubRequest[];
  /** Requests and answers that do not fit GitHub's description. */
  readonly problems: readonly string[];
  /** The variables that lead a process here. */
  environment(): Readonly<Record<string, string>>;
  /** From now on the next calls named (all, without a name) have this trouble. */
  trouble(trouble: Trouble): void;
  /** Runs once, just before the next such call: what another participant does meanwhile. */
  before(operation: string, happens: () => void): void;
  /** A comment of a person. @returns its id */
  comment(on: number | string, login: string, body: string): number;
  /** @throws {Error} when a request or an answer did not fit the description */
  close(): Promise<void>;
}

export interface GitHubRequest {
  /** GitHub's `operationId`: `issues/create-comment`. */
  readonly operation: string;
  readonly method: string;
  /** Below the base of the API, with the query. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly status: number;
}

export interface Trouble {
  readonly operation?: string;
  readonly times: number;
  /**
   * `secondary`: 403 with `retry-after`. `primary`: 403 with `x-ratelimit-remaining: 0`. `broken`: 502, nothing was done. `lost`: 502, but
   * the call was carried out. (GitHub docs, "Rate limits for the REST API".)
   */
  readonly is: 'secondary' | 'primary' | 'broken' | 'lost';
  readonly retryAfterSeconds?: number;
  /** Seconds since 1970, of a primary limit. */
  readonly resetsAt?: number;
}

/** Compares requests and answers with GitHub's description, in sentences. */
export interface Inspector {
  request(call: Call, query: Readonly<Record<string, string>>, body: unknown): readonly string[];
  answer(call: Call, status: number, body: unknown): readonly string[];
}

export interface FakeGitHubOptions {
  /** `/api/v3`, as GitHub Enterprise Server has it; default: none. */
  readonly basePath?: string;
  /** GitHub gives at most 100 items a page. */
  readonly mostPerPage?: number;
  /** Owner of the token; default: the app whose token a job has. */
  readonly as?: Person;
  /** Default: one that begins as GitHub's tokens for such an owner do. */
  readonly token?: string;
  /** Permissions that the token lacks: `pull_requests=write` lacks only writing, `pull_requests` both. */
  readonly lacks?: readonly string[];
  readonly state?: Partial<State>;
  /** Milliseconds since 1970; default: a time of its own, a second later at every use. */
  readonly now?: () => number;
  readonly inspector?: Inspector;
}

const anything: Inspector = { request: () => [], answer: () => [] };

const app: Person = { login: 'github-actions[bot]', type: 'Bot' };
const tokenOfApp = 'ghs_0123456789abcdefghijABCDEFGHIJ0123456789';
const organisation = 'acme';
const repository = `${organisation}/churn`;

export const startGitHub = async (options: FakeGitHubOptions = {}): Promise<FakeGitHub> => {
  const { basePath = '', mostPerPage = 100, as = app, lacks = [], inspector = anything } = options;
  const { token = as.type === 'Bot' ? tokenOfApp : tokenOfApp.replace('ghs_', 'ghp_') } = options;
  const state: State = { ...emptyState(), ...options.state };
  const requests: GitHubRequest[] = [];
  const problems: string[] = [];
  const troubles: { trouble: Trouble; left: number }[] = [];
  const meanwhile: { operation: string; happens(): void }[] = [];
  let ids = 1000;
  let second = Date.parse('2026-01-05T09:00:00Z');
  const nextId = (): number => ids++;
  const now = (): string => {
    second += 1000;
    return new Date(options.now?.() ?? second).toISOString().replace(/\.\d{3}Z$/, 'Z');
  };

  const troubleOf = (operation: string): Trouble | undefined => {
    const found = troubles.find(({ trouble, left }) => left > 0 && (trouble.operation ?? operation) === operation);
    if (found !== undefined) found.left -= 1;
    return found?.trouble;
  };

  const carryOut = (call: Call, received: Received): Answer => {
    const route = routes[call.operationId];
    if (route === undefined) throw new Error(`the fake GitHub does not have ${call.operationId}`);
    return route(received);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const sent = await bodyOf(request);
    const { pathname, searchParams, search } = new URL(request.url ?? '', 'http://github.example');
    const path = pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : undefined;
    const call = path === undefined ? undefined : callOf(request.method ?? '', path);
    if (path === undefined || call === undefined) {
      problems.push(`${request.method} ${pathname}: no call of GitHub's description, or outside ${basePath || '/'}`);
      return send(response, notFound);
    }
    const query = Object.fromEntries(searchParams);
    const body = sent === '' ? undefined : (JSON.parse(sent) as Readonly<Record<string, unknown>>);
    const operation = call.operationId;
    const place = `${request.method} ${pathname}`;
    const end = (answer: Answer, headers: Readonly<Record<string, string>> = {}): void => {
      requests.push({
        operation,
        method: call.method,
        path: `${path}${search}`,
        body: body ?? {},
        status: answer.status,
      });
      problems.push(...inspector.answer(call, answer.status, answer.body).map((problem) => `${place}: ${problem}`));
      send(response, answer, headers);
    };

    if (request.headers.authorization !== `token ${token}`) return end(refusal(401, 'Bad credentials'));
    const trouble = troubleOf(operation);
    if (trouble !== undefined && trouble.is !== 'lost') return end(...answerTo(trouble));
    const lacking = lackedBy(lacks, as, operation);
    if (lacking !== undefined)
      return end(refusal(403, 'Resource not accessible by integration'), { 'x-accepted-github-permissions': lacking });
    const { owner, repo, org } = call.values;
    if (owner !== undefined && `${owner}/${repo}` !== repository) return end(notFound);
    if (org !== undefined && org.toLowerCase() !== organisation) return end(notFound);
    const wrong = inspector.request(call, query, body);
    if (wrong.length > 0) {
      problems.push(...wrong.map((problem) => `${place}: ${problem}`));
      return end({ status: 422, body: { message: `Invalid request.\n\n${wrong.join('\n')}` } });
    }
    const at = meanwhile.findIndex((one) => one.operation === operation);
    if (at >= 0) meanwhile.splice(at, 1)[0]?.happens();
    const answer = carryOut(call, { call, query, body: body ?? {}, as, state, nextId, now });
    if (trouble?.is === 'lost') return end(...answerTo(trouble));
    if (answer.list === undefined) return end(answer);
    const { page, links } = pageOf(answer.list, query, mostPerPage, `${origin()}${pathname}`, searchParams);
    end(
      { status: answer.status, body: answer.wrap?.(page, answer.list.length) ?? page },
      links === '' ? {} : { link: links },
    );
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      problems.push(`${request.method} ${request.url}: ${error instanceof Error ? error.message : String(error)}`);
      send(response, refusal(500, 'the fake GitHub failed'));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin()}${basePath}`;

  return {
    url,
    repository,
    token,
    state,
    requests,
    problems,
    environment: () => ({ GITHUB_API_URL: url, GITHUB_REPOSITORY: repository }),
    trouble: (trouble) => void troubles.push({ trouble, left: trouble.times }),
    before: (operation, happens) => void meanwhile.push({ operation, happens }),
    comment: (on, login, body) => {
      const at = now();
      const user: Person = { login, type: login.endsWith('[bot]') ? 'Bot' : 'User' };
      const id = nextId();
      state.comments = [...state.comments, { id, on, user, body, createdAt: at, updatedAt: at }];
      return id;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((closed) => void server.close(() => closed()));
      if (problems.length > 0) throw new Error(`not as GitHub's description has it:\n${problems.join('\n')}`);
    },
  };
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
};

const send = (
  response: ServerResponse,
  { status, body }: Answer,
  headers: Readonly<Record<string, string>> = {},
): void => {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'x-github-request-id': 'F00D:1',
    ...headers,
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
};

const refusal = (status: number, message: string): Answer => ({
  status,
  body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
});

const answerTo = (trouble: Trouble): readonly [Answer, Readonly<Record<string, string>>] => {
  switch (trouble.is) {
    case 'secondary':
      return [
        refusal(403, 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'),
        { 'retry-after': String(trouble.retryAfterSeconds ?? 1) },
      ];
    case 'primary':
      return [
        refusal(403, 'API rate limit exceeded for installation.'),
        { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(trouble.resetsAt ?? 0) },
      ];
    case 'broken':
    case 'lost':
      return [refusal(502, 'Server Error'), {}];
  }
};

/** @returns the permissions one of which the token would need; undefined when it has one */
const lackedBy = (lacks: readonly string[], as: Person, operation: string): string | undefined => {
  const accepted = acceptedPermissions[operation] ?? '';
  // No permission of a workflow lets the token of a job read its own account.
  if (operation === 'users/get-authenticated') return as.type === 'Bot' ? accepted : undefined;
  const has = accepted.split('; ').some((one) => !lacks.includes(one) && !lacks.includes(one.split('=')[0] ?? ''));
  return has ? undefined : accepted;
};

/** GitHub docs, "Using pagination in the REST API": 30 items unless `per_page` has another number, and a `link` to the neighbours. */
const pageOf = (
  list: readonly unknown[],
  query: Readonly<Record<string, string>>,
  most: number,
  address: string,
  search: URLSearchParams,
): { readonly page: readonly unknown[]; readonly links: string } => {
  const size = Math.min(Number(query['per_page'] ?? 30), most);
  const page = Number(query['page'] ?? 1);
  const last = Math.max(1, Math.ceil(list.length / size));
  const link = (to: number, rel: string): string => {
    const params = new URLSearchParams(search);
    params.set('page', String(to));
    return `<${address}?${params}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev'), link(1, 'first')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
  ];
  return { page: list.slice((page - 1) * size, page * size), links: links.join(', ') };
};
