import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeArchive } from '../../simulator/containers/archive.ts';
import { type CommandServers, createCommandServers } from '../../simulator/containers/command-server.ts';

/** Says what it got: the model's file, the request, and its environment. */
const script = `
const { createServer } = require('node:http');
const { readFileSync } = require('node:fs');
const base = process.env.SAGEMAKER_BASE_DIR;
createServer((request, answer) => {
  if (request.url === '/ping') return answer.writeHead(200).end();
  let body = '';
  request.on('data', (part) => { body += part; });
  request.on('end', () => {
    if (body === 'die') process.exit(3);
    if (body === 'fail') return answer.writeHead(400, { 'content-type': 'text/plain' }).end('not this one');
    const attributes = request.headers['x-amzn-sagemaker-custom-attributes'];
    if (attributes) answer.setHeader('x-amzn-sagemaker-custom-attributes', 'answer to ' + attributes);
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({
      body, base, pid: process.pid, model: readFileSync(base + '/model/model.txt', 'utf8'), greeting: process.env.GREETING,
      type: request.headers['content-type'], accept: request.headers.accept, given: process.argv.slice(1),
    }));
  });
}).listen(Number(process.env.SAGEMAKER_BIND_TO_PORT), '127.0.0.1');
`.replaceAll('\n', ' ');
const command = `"${process.execPath}" -e "${script.replaceAll('"', '\\"')}" {port} {model}`;
const data = writeArchive(new Map([['model.txt', Buffer.from('the weights')]]));
const model = { identity: 's3://models/1.tar.gz', data, environment: { GREETING: 'hello' } };

let said: string[];
let servers: CommandServers;
const open = (line: string): CommandServers => {
  servers = createCommandServers(line, (told) => said.push(told));
  return servers;
};
beforeEach(() => {
  said = [];
});
afterEach(() => servers.close());

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("a server of the user's own", () => {
  test('gets the artifact, the variables of the container and the request, and answers itself', () => {
    const container = open(command).serve(model);
    expect(container.ping()).toBe(true);
    expect(said).toEqual([
      expect.stringMatching(/^the command serves s3:\/\/models\/1\.tar\.gz on port \d+ after \d+ ms$/),
    ]);
    const answer = container.invoke(Buffer.from('1,2'), 'text/csv', 'application/json');
    expect(answer).toMatchObject({ status: 200, contentType: 'application/json', latencyMs: expect.any(Number) });
    const told = JSON.parse(answer.body.toString('utf8'));
    expect(told).toMatchObject({
      body: '1,2',
      model: 'the weights',
      greeting: 'hello',
      type: 'text/csv',
      accept: 'application/json',
    });
    expect(told.given).toEqual([expect.stringMatching(/^\d+$/), `${told.base}/model`]);
    expect(answer).not.toHaveProperty('customAttributes');
    expect(container.invoke(Buffer.from('1,2'), 'text/csv', undefined, 'trace=7')).toMatchObject({
      customAttributes: 'answer to trace=7',
    });
    expect(container.invoke(Buffer.from('fail'), 'text/csv')).toMatchObject({ status: 400, contentType: 'text/plain' });
  });

  test('ends with its container, and its folder with it', () => {
    const container = open(command).serve(model);
    const { base } = JSON.parse(container.invoke(Buffer.from('1'), 'text/csv').body.toString('utf8'));
    container.stop?.();
    expect(existsSync(base)).toBe(false);
    expect(container.invoke(Buffer.from('1'), 'text/csv').status).toBe(500);
  });

  test('is killed when it does not end by itself', async () => {
    const stubborn = command.replace('-e "', "-e \"process.on('SIGTERM', () => {});");
    const container = open(stubborn).serve(model);
    const told = JSON.parse(container.invoke(Buffer.from('1'), 'text/csv').body.toString('utf8'));
    container.stop?.();
    await expect(fetch(`http://127.0.0.1:${told.given[0]}/ping`)).rejects.toThrow('fetch failed');
  });

  test('fails its requests once it has died, and the simulator lives on', () => {
    const container = open(command).serve(model);
    expect(container.invoke(Buffer.from('die'), 'text/csv').status).toBe(500);
    expect(container.invoke(Buffer.from('1'), 'text/csv').status).toBe(500);
  });

  test('is unhealthy when it ends before it answers, and an archive that is none does not start', () => {
    const container = open('exit 7').serve(model);
    expect(container.ping()).toBe(false);
    expect(said).toEqual(['the command does not serve s3://models/1.tar.gz: it ended with 7']);
    expect(() => servers.serve({ ...model, data: Buffer.from('no archive') })).toThrow('the model data is no archive');
  });

  test('of each container is a process of its own, and all end together', () => {
    const [one, other] = [
      open(command).serve(model),
      servers.serve({ ...model, data: new Map([['model.txt', Buffer.from('b')]]) }),
    ];
    const told = [one, other].map((container) =>
      JSON.parse(container.invoke(Buffer.from('1'), 'text/csv').body.toString('utf8')),
    );
    expect(told.map((each) => each.model)).toEqual(['the weights', 'b']);
    expect(told.every(({ pid }) => isAlive(pid))).toBe(true);
    servers.close();
    expect(told.some(({ base }) => existsSync(base))).toBe(false);
  });
});
