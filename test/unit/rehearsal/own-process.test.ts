import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startHere } from '../../../src/rehearsal/own-process.ts';
import { type Exit, startNode } from '../../../src/rehearsal/process.ts';

let folder: string;
let server: Server;
/** Requests that wait for an answer. */
let waiting: number;
let left: Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'own-'));
  mkdirSync(join(folder, 'work'));
  waiting = 0;
  let leave = (): void => {};
  left = new Promise((resolve) => {
    leave = resolve;
  });
  server = createServer((_incoming, outgoing) => {
    waiting++;
    outgoing.once('close', leave);
    // An answer that never ends.
    outgoing.flushHeaders();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const play = async (
  start: typeof startHere,
  script: string,
): Promise<{ readonly exit: Exit; readonly lines: readonly string[] }> => {
  const lines: string[] = [];
  const options = { environment: { NAME: 'mina' }, cwd: join(folder, 'work'), args: ['--once'] };
  const child = start(script, { ...options, line: (text) => void lines.push(text) });
  return { exit: await child.closed, lines };
};

/** Shows all that a script can read of its surroundings. */
const shows = `'use strict'; // first line
const { writeFileSync, existsSync } = require('node:fs');
const { resolve } = require('node:path');
const { seen } = require('./chunk.cjs');
seen.push(1);
console.log(JSON.stringify([process.env.NAME, process.env.HOME ?? null, process.argv.slice(2), seen]));
require('node:process').stdout.write('half ');
process.stdout.write('a line\\n');
console.error('a warning');
writeFileSync('relative.txt', process.env.NAME);
console.log(existsSync(resolve(process.cwd(), 'relative.txt')), process.argv[1] === __filename);
process.stdout.write('no end');
setTimeout(() => process.exit(3), 1);
`;

describe('a script in this process', () => {
  it('sees, prints and ends as in a process of its own', async () => {
    write('chunk.cjs', 'exports.seen = [];');
    const script = write('shows.cjs', shows);
    const here = await play(startHere, script);
    expect(here).toEqual({
      exit: { code: 3, signal: undefined },
      lines: ['["mina",null,["--once"],[1]]', 'half a line', 'a warning', 'true true', 'no end'],
    });
    expect(readFileSync(join(folder, 'work/relative.txt'), 'utf8')).toBe('mina');
    // The lines of the two streams have no order among each other.
    const there = await play(startNode, script);
    expect({ ...there, lines: there.lines.toSorted() }).toEqual({ ...here, lines: here.lines.toSorted() });
  });

  it('begins with nothing of the run before', async () => {
    write('chunk.cjs', 'exports.seen = [];');
    const script = write('shows.cjs', shows);
    await play(startHere, script);
    expect((await play(startHere, script)).lines[0]).toBe('["mina",null,["--once"],[1]]');
  });

  it('ends by exitCode, and red by an error of its first turn', async () => {
    const exits = write('exits.cjs', 'process.exitCode = 4; setImmediate(() => process.exit());');
    expect((await play(startHere, exits)).exit).toEqual({ code: 4, signal: undefined });
    const throws = write('throws.cjs', "throw new Error('a defect');");
    const { exit, lines } = await play(startHere, throws);
    expect(exit).toEqual({ code: 1, signal: undefined });
    expect(lines[0]).toContain('a defect');
    expect(process.exitCode).toBeUndefined();
  });

  const waits = (then: string): string => `
const { Agent, request } = require('node:http');
const agent = new Agent({ keepAlive: true });
setTimeout(() => console.log('late'), 60_000);
request(process.env.URL, { agent })
  .on('error', () => console.log('an error after the end'))
  .on('response', (answer) => {
    answer.on('close', () => console.log('an end after the end')).resume();
    setTimeout(() => console.log('late'), 60);
    ${then}
  })
  .end();`;

  it.each([
    ['its exit', "process.exit(0); console.log('after the exit');", { code: 0 }],
    ['a signal', "console.log('waits');", { signal: 'SIGKILL' }],
  ])('goes on with nothing after %s', async (_how, then, exit) => {
    const lines: string[] = [];
    const { port } = server.address() as AddressInfo;
    const script = write('waits.cjs', waits(then));
    let answered = (): void => {};
    const heard = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const child = startHere(script, {
      environment: { URL: `http://127.0.0.1:${port}` },
      cwd: folder,
      line: (text) => {
        lines.push(text);
        if (text === 'waits') answered();
      },
    });
    if ('signal' in exit) {
      await heard;
      child.kill('SIGKILL');
    }
    expect(await child.closed).toMatchObject(exit);
    const printed = [...lines];
    await left;
    expect(waiting).toBe(1);
    // As long as the script's own timers, and set after them: they would be due first.
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(lines).toEqual(printed);
    expect(printed).not.toContain('after the exit');
  });
});
