import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commands } from '../../../src/commands/all.ts';
import { runCommandLine } from '../../../src/commands/run-command-line.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lint = async (text: string, ...args: string[]) => {
  const manifest = join(folder, 'delivery.yml');
  writeFileSync(manifest, text);
  const { code, out, err } = await run('lint', '--manifest', manifest, ...args);
  return { code, out, err: err.replaceAll(manifest, 'delivery.yml') };
};
const run = async (...args: string[]) => {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) };
  const cancellation = { signal: new AbortController().signal, outOfTime: new Promise<void>(() => {}) };
  const host = () => ({ env: {}, terminal, cancellation });
  const code = await runCommandLine(args, commands, host, terminal);
  return { code, out: out.join('\n'), err: err.join('\n') };
};
const good = readFileSync('examples/canary.yml', 'utf8');
const bad = good.replace('canary', 'canry').replace(/bake: .*/, 'bake: 10');
const withRegression = `${good}\nregression: { task: regression, dataset: rows.jsonl, metrics: [mae], request: { content-type: text/csv, input: [a] } }\n`;

describe('lint without AWS', () => {
  it('is content with a good manifest', async () => {
    expect(await lint(good)).toMatchObject({
      code: 0,
      out: expect.stringContaining('the manifest is valid: churn in'),
    });
    expect(JSON.parse((await lint(good, '--json')).out)).toMatchObject({ valid: true, model: 'churn' });
    expect((await lint(good, '--json', 'false')).out).toContain('the manifest is valid');
  });

  it('names every mistake on a line of its own, and says what to do', async () => {
    const { code, out, err } = await lint(bad);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^lint: failed\/invalid-manifest\n( {2}delivery\.yml:\d+:\d+: .*\n)+ {2}what to do: /);
    expect(err).toContain('did you mean canary?');
  });

  it('answers a script in JSON, also when something is wrong', async () => {
    const { code, out, err } = await lint(bad, '--json');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(JSON.parse(out)).toMatchObject({ valid: false, outcome: 'failed', reason: 'invalid-manifest' });
  });

  it('names the sinks of notifications, and their events', async () => {
    const sinks =
      '\nnotify: [{ event-bridge: { bus: ml } }, { slack: { webhook-from: SLACK_WEBHOOK_URL }, events: [verdict, ended] }]\n';
    const { code, out } = await lint(`${good}${sinks}`);
    expect(code).toBe(0);
    const notifies = [
      'production notifies EventBridge (ml) of every event',
      'production notifies Slack (SLACK_WEBHOOK_URL) of verdict, ended',
    ];
    for (const line of notifies) expect(out.split('\n')).toContain(line);
    expect(JSON.parse((await lint(`${good}${sinks}`, '--json')).out)).toMatchObject({
      notifies: expect.arrayContaining(notifies),
    });
    expect(JSON.parse((await lint(good, '--json')).out)).not.toHaveProperty('notifies');
  });

  it('checks the smoke test', async () => {
    const smoke = (request: string) =>
      lint(`${good}\nsmoke: { content-type: text/csv, times: 20, requests: [${request}] }\n`);
    const broken = await smoke('{ body: a, expect: { path: "$.a[", type: text } }');
    expect(broken.code).toBe(2);
    expect(broken.err).toContain('smoke.requests[0].expect.path: "$.a[" is no JSONPath');
    const few = await smoke('{ body: a }');
    expect(few.out).toContain(
      'warning: smoke: 20 requests in all; a model that fails 5 % of its answers by chance passes in 36 % of the cases',
    );
    expect(few.out).toContain('warning: smoke: expects nothing of any answer');
    const enough = await smoke('{ body: a, expect: { value: b } }, { body: c }, { body: d }');
    expect(enough.code).toBe(0);
    expect(enough.out).not.toContain('smoke');
    const queued = good.replace(/( +)instance: /, '$1async: { output: s3://bucket/out/ }\n$1instance: ');
    expect((await lint(`${queued}\nsmoke: { content-type: text/csv, requests: [{ body: a }] }\n`)).out).toMatch(
      /warning: smoke: sends nothing in \w+, whose endpoint takes asynchronous requests/,
    );
  });

  it('checks the regression test with the golden set of the working folder', async () => {
    const home = process.cwd();
    try {
      process.chdir(folder);
      const { code, err } = await lint(withRegression);
      expect(code).toBe(2);
      expect(err).toMatch(/regression\.dataset: cannot read "rows\.jsonl": there is no such file in .* \(ENOENT\)/);
      expect(JSON.parse((await lint(withRegression, '--json')).out)).toMatchObject({
        valid: false,
        reason: 'invalid-input',
        because: expect.stringContaining('regression.dataset'),
      });
      writeFileSync(join(folder, 'rows.jsonl'), '{"id":"1","label":2.5,"a":1}\n');
      const { code: found, out } = await lint(withRegression);
      expect(found).toBe(0);
      expect(out).toMatch(/^warning: regression\.dataset: rows\.jsonl has 1 row, fewer than minimum-support/m);
      const withContract = withRegression.replace(/ }\n$/, ', contract: { constraints: constraints.json } }\n');
      const constraints = async (text: string) => {
        writeFileSync(join(folder, 'constraints.json'), text);
        return lint(withContract);
      };
      expect((await lint(withContract)).err).toMatch(/contract\.constraints: cannot read "constraints\.json"/);
      expect((await constraints('{"features": [')).err).toContain(
        'regression.contract.constraints: constraints.json: not JSON: it ends too early',
      );
      expect((await constraints('{"features": [{"name": 1}]}')).err).toContain(
        'regression.contract.constraints: constraints.json: features.0.name is no text',
      );
      expect((await constraints('{"features": [{"name": "a"}]}')).code).toBe(0);
    } finally {
      process.chdir(home);
    }
  });

  it('warns of a workflow whose version has no approval but the reviewers of an environment', async () => {
    const home = process.cwd();
    mkdirSync(join(folder, '.github/workflows'), { recursive: true });
    cpSync('examples/github-flow.yml', join(folder, '.github/workflows/ship.yml'));
    symlinkSync('gone.yml', join(folder, '.github/workflows/link.yml'));
    mkdirSync(join(folder, '.github/workflows/folder.yml'));
    try {
      process.chdir(folder);
      const { code, out } = await lint(good);
      expect(code).toBe(0);
      expect(out).toMatch(
        /^warning: \.github\/workflows\/ship\.yml, job churn: the version is registered as Approved/m,
      );
      const { warnings } = JSON.parse((await lint(good, '--json')).out) as { warnings: string[] };
      expect(warnings.filter((warning) => warning.includes('registered as Approved'))).toHaveLength(1);
      const about = /^warning: \.github\/workflows\/ship\.yml, job churn: `main` is main there, and `versions\.main`/m;
      expect(out).not.toMatch(about);
      // The workflow names this path by default.
      writeFileSync(join(folder, 'delivery.yml'), `${good}versions: { main: master }\n`);
      expect((await run('lint', '--manifest', 'delivery.yml')).out).toMatch(about);
      writeFileSync(
        join(folder, 'delivery.yml'),
        `${good.replace(/^model: .*$/m, 'model: other')}versions: { main: master }\n`,
      );
      writeFileSync(join(folder, 'own.yml'), good);
      expect((await run('lint', '--manifest', 'own.yml')).out).not.toMatch(about);
    } finally {
      process.chdir(home);
    }
  });

  it('names the folder in which a file was looked for', async () => {
    const { code, err } = await run('lint', '--manifest', 'no-such.yml');
    expect(code).toBe(2);
    expect(err).toContain(`manifest: cannot read "no-such.yml": there is no such file in ${process.cwd()} (ENOENT)`);
    expect((await run('lint', '--manifest', folder)).err).toContain('it is a folder (EISDIR)');
  });
});
