import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { commands } from '../../src/commands/all.ts';
import { compare } from '../../src/commands/compare.ts';
import { predict } from '../../src/commands/predict.ts';
import { runCommandLine } from '../../src/commands/run-command-line.ts';
import { wallClock } from '../../src/hosts/wall-clock.ts';
import { type CommandRun, runCommand } from '../support/run-command.ts';

type Respond = (row: number, body: string, response: ServerResponse, request: IncomingMessage) => void;

let folder: string;
let server: Server;
let url: string;
let respond: Respond;
let asked: string[];

const right: Respond = (_row, body, response) =>
  void response
    .setHeader('content-type', 'application/json')
    .end(JSON.stringify({ label: Number(body) < 10 ? 'low' : 'high' }));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'predict-'));
  respond = right;
  asked = [];
  server = createServer(async (request, response) => {
    if (request.url === '/ping') return void response.end();
    let body = '';
    for await (const piece of request) body += String(piece);
    asked.push(body.trim());
    respond(Number(body), body, response, request);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/invocations`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);
const put = (name: string, text: string): string => {
  writeFileSync(at(name), text);
  return at(name);
};
const rows = (count: number): string =>
  Array.from({ length: count }, (_, row) =>
    JSON.stringify({ id: `r-${row}`, label: row < 10 ? 'low' : 'high', size: row, region: 'north' }),
  ).join('\n');

const policyText = (...more: readonly string[]): string =>
  [
    'task: multiclass-classification',
    'rules: [{ metric: accuracy, floor: 0.5 }]',
    'request: { content-type: text/csv, input: [size] }',
    'response: { prediction: $.label }',
    ...more,
  ].join('\n');

/** A policy and its golden set. */
const given = (count = 30, ...more: readonly string[]): readonly string[] => {
  const dataset = put('golden.jsonl', rows(count));
  return ['--policy', put('policy.yml', policyText(`dataset: ${dataset}`, ...more)), '--output', at('out.jsonl')];
};

const run = (args: readonly string[], signal = new AbortController().signal): Promise<CommandRun> =>
  runCommand(
    {
      ...predict,
      run: (list, host, terminal) =>
        predict.run(list, () => ({ ...host(), cancellation: { signal, outOfTime: new Promise(() => {}) } }), terminal),
    },
    args,
    { env: process.env },
  );

const written = (): readonly Readonly<Record<string, unknown>>[] =>
  readFileSync(at('out.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Nothing was written, not even in part. */
const nothing = (): void => expect(readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual([]);

describe('predict, of a model that serves already', () => {
  test('asks each row once, and writes the rows that compare reads', async () => {
    const { code, out } = await run([...given(30), '--url', url]);
    expect([code, out]).toEqual([0, [`wrote 30 predictions to ${at('out.jsonl')}`]]);
    expect([...asked].sort((one, other) => Number(one) - Number(other))).toEqual(
      Array.from({ length: 30 }, (_, row) => String(row)),
    );
    expect(written().map(({ id, prediction }) => [id, prediction])).toEqual(
      Array.from({ length: 30 }, (_, row) => [`r-${row}`, row < 10 ? 'low' : 'high']),
    );
    expect(written()[0]).toEqual({ id: 'r-0', prediction: 'low', 'latency-ms': expect.any(Number), bytes: 15 });
    const judged = await runCommand(compare, ['--candidate', at('out.jsonl'), '--policy', at('policy.yml')], {
      env: {},
    });
    expect(judged.out[0]).toMatch(/^pass: /);
  });

  test('rows of a golden set that the policy does not name have label and columns of slices, too', async () => {
    const policy = put('policy.yml', policyText('slices: [region]'));
    const dataset = put('other.jsonl', rows(30));
    const args = ['--policy', policy, '--dataset', dataset, '--output', at('out.jsonl'), '--url', url];
    expect((await run(args)).code).toBe(0);
    expect(written()[0]).toMatchObject({ id: 'r-0', label: 'low', region: 'north', prediction: 'low' });
    expect(written()[0]).not.toHaveProperty('size');
    const judged = await runCommand(compare, ['--candidate', at('out.jsonl'), '--policy', policy]);
    expect(judged.out[0]).toMatch(/^(pass|inconclusive): /);
  });

  test('takes `regression` of a manifest', async () => {
    const text = policyText(`dataset: ${put('golden.jsonl', rows(30))}`).replaceAll('\n', '\n  ');
    const manifest = put(
      'delivery.yml',
      `version: 1\nmodel: churn\nregression:\n  ${text}\nenvironments:\n  production: { endpoint: { name: churn, instance: { type: ml.m5.large, count: 1 } }, rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0 } }\n`,
    );
    expect((await run(['--manifest', manifest, '--output', at('out.jsonl'), '--url', url])).code).toBe(0);
    expect(written()).toHaveLength(30);
  });

  test('errors of the model are rows with an error', async () => {
    respond = (row, body, response, request) => {
      if (row === 3) return void response.writeHead(500).end('secret row');
      if (row === 4) return void response.setHeader('content-type', 'application/json').end('{}');
      if (row === 5) return void response.writeHead(302, { location: '/other' }).end();
      return right(row, body, response, request);
    };
    const { code, out } = await run([...given(30), '--url', url]);
    expect([code, out]).toEqual([
      0,
      [`wrote 30 predictions to ${at('out.jsonl')}\n  3 rows answered with an error, which counts as wrong`],
    ]);
    expect(written().slice(3, 6)).toEqual([
      { id: 'r-3', error: 'the model answered with status 500' },
      { id: 'r-4', error: 'no prediction in the answer: nothing at $.label' },
      { id: 'r-5', error: 'the model answered with status 302' },
    ]);
  });

  test.each([
    ['missing: 10%', 0, '  1 row without an answer'],
    ['missing: 0%', 1, '  1 row without an answer: more than `missing` of the policy tolerates'],
  ])(
    'a lost connection is tried again, and its row is missing when none of the tries was answered: %s',
    async (key, code, line) => {
      let lost = 0;
      respond = (row, body, response, request) => {
        if (row === 3 || (row === 4 && lost++ < 2)) return void request.socket.destroy();
        return right(row, body, response, request);
      };
      const ended = await run([...given(30, key), '--url', url]);
      expect([ended.code, ended.out[0]?.split('\n')]).toEqual([
        code,
        [`wrote 29 predictions to ${at('out.jsonl')}`, line],
      ]);
      expect(asked.filter((body) => body === '3')).toHaveLength(3);
      expect(written().map(({ id }) => id)).toEqual(
        Array.from({ length: 30 }, (_, row) => `r-${row}`).filter((id) => id !== 'r-3'),
      );
    },
  );

  test('prints counts as JSON', async () => {
    const { out } = await run([...given(30), '--url', url, '--json']);
    expect(JSON.parse(out.join(''))).toEqual({
      output: at('out.jsonl'),
      rows: 30,
      errors: 0,
      missing: 0,
      tolerated: true,
    });
  });

  test('replaces the predictions of an earlier run when all are there, and not before', async () => {
    put('out.jsonl', 'old');
    respond = (_row, _body, response) => void response.writeHead(404).end();
    expect((await run([...given(30), '--url', url])).code).toBe(2);
    expect(readFileSync(at('out.jsonl'), 'utf8')).toBe('old');
    respond = right;
    expect((await run([...given(30), '--url', url])).code).toBe(0);
    expect(written()).toHaveLength(30);
    expect(readdirSync(folder).filter((name) => name.includes('.tmp'))).toEqual([]);
  });

  test('sends concurrency requests at a time', async () => {
    let [now, most] = [0, 0];
    respond = (row, body, response, request) => {
      most = Math.max(most, ++now);
      void wallClock.sleepUntil(wallClock.now() + 20).then(() => {
        now--;
        right(row, body, response, request);
      });
    };
    expect((await run([...given(40), '--url', url, '--concurrency', '3'])).code).toBe(0);
    expect(most).toBe(3);
  });
});

describe('predict refuses', () => {
  const refused = async (args: readonly string[], because: RegExp | string): Promise<void> => {
    const { code, err, out } = await run(args);
    expect(err.at(-1)).toMatch(because);
    expect([code, out]).toEqual([2, []]);
    nothing();
  };

  test('an address without a model', async () => {
    respond = (_row, _body, response) => void response.writeHead(404).end();
    await refused(
      [...given(), '--url', url],
      /^predict: url: .* answers every request with 404: no model is at this address/,
    );
  });

  test('a selector that finds nothing in any answer', async () => {
    respond = (_row, _body, response) => void response.setHeader('content-type', 'application/json').end('{}');
    await refused(
      [...given(), '--url', url],
      /^predict: regression\.response: no answer of the candidate .* has a prediction/,
    );
  });

  test('an address that is not on this machine, unless it is allowed', async () => {
    const elsewhere = url.replace('127.0.0.1', '0.0.0.0');
    await refused(
      [...given(), '--url', elsewhere],
      /^predict: url: 0\.0\.0\.0:\d+ is not this machine, and would get the golden rows/,
    );
    expect(asked).toEqual([]);
    expect((await run([...given(), '--url', elsewhere, '--allow-remote'])).code).toBe(0);
  });

  test.each([
    ['http://user:pw@127.0.0.1/invocations', /^predict: url: .* is no address/],
    ['ftp://127.0.0.1/invocations', /^predict: url: .* is no address/],
    ['127.0.0.1:8080', /^predict: url: .* is no address/],
  ])('the address %s', async (address, because) => {
    await refused([...given(), '--url', address], because);
  });

  test('no policy, and two', async () => {
    const [, policy = ''] = given();
    const output = ['--output', at('out.jsonl')];
    await refused(output, /^predict: policy: give either --policy or --manifest/);
    await refused([...output, '--policy', policy, '--manifest', 'examples/regression-test.yml'], /give either/);
    await refused([...output, '--manifest', 'examples/minimal.yml'], /^predict: manifest: has no `regression:`/);
  });

  test('golden rows that it cannot read, and to write over them', async () => {
    const [, policy = ''] = given();
    const output = ['--output', at('out.jsonl'), '--url', url, '--policy', policy];
    await refused([...output, '--dataset', at('none.jsonl')], /^predict: dataset: cannot read .*: ENOENT/);
    await refused(
      [...output, '--dataset', 's3://b/golden.jsonl'],
      /is in S3; this command uses no AWS: copy the file here/,
    );
    await refused([...output, '--dataset', put('bad.jsonl', '{"id":"a","label":"low"}')], /has no column "size"/);
    await refused(
      ['--output', at('golden.jsonl'), '--url', url, '--policy', policy],
      /^predict: output: .*golden\.jsonl" is the golden set/,
    );
  });

  test.each([
    ['--serve', 'node serve.mjs'],
    ['--serve', '[]'],
    ['--serve', '[3]'],
  ])('%s %s', async (...args) => {
    await refused([...given(), ...args], /^predict: serve: expected a JSON list of words/);
  });

  test('two serving processes', async () => {
    await refused([...given(), '--serve', '["node"]', '--', 'node'], /^predict: serve: is given twice/);
    await refused([...given(), '--'], /^predict: serve: no program stands behind --/);
  });
});

describe('predict with a serving process', () => {
  const serve = resolve('examples/regression/serve.mjs');
  const { execPath: node } = process;
  /** A port that was free a moment ago. */
  const port = async (): Promise<string> => {
    const probe = createServer();
    await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
    const { port: free } = probe.address() as AddressInfo;
    await new Promise((done) => probe.close(done));
    return String(free);
  };

  test('twice, and compare: the gate on one machine, as the documents show it', async () => {
    const free = await port();
    const policy = put(
      'own-server.yml',
      readFileSync('examples/regression/own-server.yml', 'utf8').replace(
        'golden.jsonl',
        resolve('examples/regression/golden.jsonl'),
      ),
    );
    const shown = readFileSync('docs/regression.md', 'utf8');
    for (const [name, from] of [
      ['baseline', '4.8'],
      ['candidate', '6'],
    ] as const) {
      const { code, out, err } = await run([
        ...['--policy', policy, '--output', at(`${name}.jsonl`), '--url', `http://127.0.0.1:${free}/invocations`],
        ...['--', node, serve, from, free],
      ]);
      expect([code, out]).toEqual([0, [`wrote 150 predictions to ${at(`${name}.jsonl`)}`]]);
      expect(err).toEqual([
        expect.stringMatching(/^ {2}\| \$ /),
        `  | serves at 127.0.0.1:${free}`,
        'answered: 25 of 150 rows',
        'answered: 125 of 150 rows',
        'answered: 150 of 150 rows',
      ]);
      await expect(fetch(`http://127.0.0.1:${free}/ping`)).rejects.toThrow();
    }
    const judged = await runCommand(compare, [
      ...['--candidate', at('candidate.jsonl'), '--baseline', at('baseline.jsonl'), '--policy', policy],
    ]);
    expect(judged.code).toBe(1);
    for (const line of (judged.out[0] ?? '').split('\n').slice(0, 6)) expect(shown).toContain(line);
  });

  test('the golden set of the example is that of the others', () => {
    const rowsOf = (name: string) =>
      readFileSync(`examples/regression/${name}`, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    expect(rowsOf('golden.jsonl')).toEqual(
      rowsOf('tree.jsonl').map(({ id, label, petal_length }) => ({ id, label, petal_length })),
    );
  });

  test.each([
    [
      'that does not exist',
      ['no-such-server'],
      /^predict: the serving process could not be started: there is no program no-such-server/,
    ],
    [
      'that ends',
      [node, '-e', 'console.log("CUDA is missing"); process.exit(3)'],
      /^predict: the serving process ended with 3 before all rows were answered; its last line: CUDA is missing/,
    ],
    [
      'that is never ready',
      [node, '-e', 'process.stdin.resume(); require("node:net").createServer().listen(0)'],
      /^predict: http:\/\/127\.0\.0\.1:\d+\/ping did not answer with 200 within 1s: the model was not asked/,
    ],
  ])('one %s ends the command, and nothing is written', async (_name, argv, because) => {
    const address = `http://127.0.0.1:${await port()}/invocations`;
    const { code, err } = await run([...given(), '--url', address, '--start-timeout', '1s', '--', ...argv]);
    expect(err.at(-1)).toMatch(because);
    expect(code).toBe(1);
    nothing();
  });

  test('one that ends in the middle ends the command', async () => {
    const code = `require('node:http').createServer((q, s) => q.url === '/ping' ? s.end() : process.exit(9)).listen(+process.argv[1], '127.0.0.1')`;
    const free = await port();
    const ended = await run([
      ...given(),
      '--url',
      `http://127.0.0.1:${free}/invocations`,
      '--',
      node,
      '-e',
      code,
      free,
    ]);
    expect(ended.err.at(-1)).toMatch(/^predict: the serving process ended with 9 before all rows were answered/);
    expect(ended.code).toBe(1);
    nothing();
  });

  test('a cancelled command ends it', async () => {
    const free = await port();
    const cancelled = new AbortController();
    const code = `require('node:http').createServer((q, s) => { if (q.url === '/ping') s.end(); }).listen(+process.argv[1], '127.0.0.1')`;
    const running = run(
      [...given(), '--url', `http://127.0.0.1:${free}/invocations`, '--', node, '-e', code, free],
      cancelled.signal,
    );
    while (
      !(await fetch(`http://127.0.0.1:${free}/ping`).then(
        ({ ok }) => ok,
        () => false,
      ))
    )
      await wallClock.sleepUntil(wallClock.now() + 20);
    cancelled.abort();
    const ended = await running;
    expect([ended.code, ended.err.at(-1)]).toEqual([1, 'predict: cancelled; nothing was written']);
    await expect(fetch(`http://127.0.0.1:${free}/ping`)).rejects.toThrow();
    nothing();
  });

  test('a model that is not there at all', async () => {
    const { code, err } = await run([...given(4), '--url', `http://127.0.0.1:${await port()}/invocations`]);
    expect(err.at(-1)).toMatch(/^predict: http:.* cannot be reached after 0 rows: ECONNREFUSED/);
    expect(code).toBe(1);
    nothing();
  });

  test('words behind -- belong to it, also --help', async () => {
    const printed: string[] = [];
    const terminal = { out: (text: string) => void printed.push(text), err: (text: string) => void printed.push(text) };
    const host = () => ({
      env: process.env,
      terminal,
      cancellation: { signal: new AbortController().signal, outOfTime: new Promise<void>(() => {}) },
    });
    const code = await runCommandLine(
      ['predict', ...given(), '--', 'sh', '-c', 'exit 7', '--help'],
      commands,
      host,
      terminal,
    );
    expect(printed.at(-1)).toMatch(/^predict: the serving process ended with 7/);
    expect(code).toBe(1);
  });
});
