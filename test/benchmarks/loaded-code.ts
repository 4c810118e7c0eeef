/** Bytes of code that a bundle loads: before its first request, and to its end. */
export interface Loaded {
  readonly first: number;
  readonly all: number;
}

/** Runs before the bundle, and writes a line for each file that it compiles and for its first request. */
const preload = `const { Module } = require('node:module');
const { writeSync } = require('node:fs');
const compile = Module.prototype._compile;
Module.prototype._compile = function (content, ...rest) {
  writeSync(3, 'code ' + Buffer.byteLength(content) + '\\n');
  return compile.call(this, content, ...rest);
};
for (const name of ['node:http', 'node:https']) {
  const transport = require(name);
  const { request } = transport;
  transport.request = (...given) => {
    writeSync(3, 'request\\n');
    return request(...given);
  };
}`;

/** @param run runs the bundle once with the preloaded script, and returns what that wrote */
export const codeBefore = async (bundle: string, run: (preload: string) => Promise<string>): Promise<Loaded> => {
  const lines = (await run(preload)).trim().split('\n');
  const sum = (some: readonly string[]): number =>
    some.reduce((bytes, line) => bytes + (line.startsWith('code ') ? Number(line.slice(5)) : 0), 0);
  const at = lines.indexOf('request');
  if (at < 0) throw new Error(`${bundle} made no request`);
  return { first: sum(lines.slice(0, at)), all: sum(lines) };
};
