import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  inputVariables,
  parseFileCommands,
  readActionFile,
  runnerEnvironment,
  startNode,
  stepFiles,
} from '../../../src/rehearsal/process.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'process-'));
const job = { runId: '7', attempt: 2, job: 'deliver', actor: 'mina', commit: 'c0ffee' };

describe('a step as the runner starts it', () => {
  it('fills in the defaults of action.yml and names inputs as the runner does', () => {
    const path = folder();
    writeFileSync(
      join(path, 'action.yml'),
      'inputs:\n  dry-run: { default: false }\n  big model: {}\n  version: { required: true }\nruns: { using: node24, main: dist/index.cjs, post: dist/index.cjs }\n',
    );
    const action = readActionFile(path);
    expect(action).toMatchObject({ main: 'dist/index.cjs', post: 'dist/index.cjs' });
    expect(inputVariables(action, { version: '1.0.0' })).toEqual({
      'INPUT_DRY-RUN': 'false',
      INPUT_BIG_MODEL: '',
      INPUT_VERSION: '1.0.0',
    });
    expect(() => inputVariables(action, { verison: '1.0.0' })).toThrow('declares no input verison');
  });

  it('reads both forms of file commands', () => {
    expect(parseFileCommands('a=1\nb<<EOF_1\nx=y\nz\nEOF_1\nc=p=q\n')).toEqual({ a: '1', b: 'x=y\nz', c: 'p=q' });
    expect(() => parseFileCommands('b<<EOF\nx\n')).toThrow('no closing delimiter');
  });

  it('gives a process nothing but its own environment, and collects its output line by line', async () => {
    const path = folder();
    const script = join(path, 'print.cjs');
    writeFileSync(
      script,
      `process.stdout.write('first\\nsec'); process.stdout.write('ond\\nlast');
       console.error(Object.keys(process.env).filter((name) => !/^(GITHUB|RUNNER|CI|PATH|HOME)/.test(name)).join());
       require('fs').appendFileSync(process.env.GITHUB_OUTPUT, 'attempt=' + process.env.GITHUB_RUN_ATTEMPT + '\\n'); process.exit(3);`,
    );
    const files = stepFiles(join(path, 'step'));
    const lines: string[] = [];
    const child = startNode(script, {
      environment: { ...runnerEnvironment(job, path, path), ...files.variables },
      cwd: path,
      line: (text) => lines.push(text),
    });
    expect(await child.closed).toEqual({ code: 3, signal: undefined });
    expect(lines.filter((line) => line !== '')).toEqual(expect.arrayContaining(['first', 'second', 'last']));
    expect(lines.filter((line) => /[A-Z]{3}/.test(line))).toEqual([]);
    expect(parseFileCommands(files.read('GITHUB_OUTPUT'))).toEqual({ attempt: '2' });
  });

  it('tells a killed process from one that ended', async () => {
    const path = folder();
    const script = join(path, 'wait.cjs');
    writeFileSync(
      script,
      `console.log('ready'); process.stdin.resume(); require('net').createServer().listen(0, '127.0.0.1');`,
    );
    let ready: () => void = () => {};
    const started = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const child = startNode(script, { environment: {}, cwd: path, line: () => ready() });
    await started;
    child.kill('SIGKILL');
    expect(await child.closed).toEqual({ code: undefined, signal: 'SIGKILL' });
  });
});
