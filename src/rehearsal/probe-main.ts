import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createAwsClients } from '../aws/clients.ts';
import { base } from '../aws/credentials.ts';
import { describe } from '../aws/errors.ts';
import { iso } from '../clock.ts';
import { sha256 } from '../digest.ts';
import { clockOf } from '../hosts/clock.ts';
import { readArguments } from '../hosts/command-line/arguments.ts';
import type { CommandLine } from '../hosts/command-line/command-line.ts';
import { confirm } from '../hosts/confirm.ts';
import { runFrom } from '../hosts/run.ts';
import type { Terminal } from '../hosts/terminal.ts';
import { readInputs } from '../inputs/read-inputs.ts';
import { suggest } from '../manifest/suggest.ts';
import { jsonText } from '../plain-text.ts';
import { ask, type Probed } from '../probe/ask.ts';
import { clean } from '../probe/clean.ts';
import { policyOf } from '../probe/policy.ts';
import type { Question } from '../probe/question.ts';
import { questions } from '../probe/questions/all.ts';
import type { Given } from '../probe/world.ts';
import { InputError, type ValuesOf } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { anyCalls } from '../session/any-calls.ts';
import { connectionFrom } from '../session/session.ts';
import { version } from '../version.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { probeInputs } from './probe-inputs.ts';
import { replay } from './probe-replay.ts';
import { costOf, decidedBy, decidedLines } from './probe-report.ts';
import { probeSimulator } from './probe-simulator.ts';

type Inputs = ValuesOf<typeof probeInputs>;

/** @throws {InputError} for a wrong command line, and the error of AWS for credentials that it does not know */
export const probe = async (args: readonly string[], host: () => CommandLine, terminal: Terminal): Promise<0 | 1> => {
  const inputs = readInputs(probeInputs, readArguments(probeInputs, args));
  const chosen = chosenOf(inputs.only);
  const uses = ['list', 'policy', 'simulator', 'replay', 'clean'] as const;
  const used = uses.filter((name) => inputs[name] !== undefined && inputs[name] !== false);
  if (used.length > 1) throw new InputError(`--${used.join(' and --')} exclude each other`);
  if (inputs.list) {
    for (const one of chosen)
      terminal.out(
        `${one.id.padEnd(22)} ${one.asks}\n${' '.repeat(23)}${costOf([one], inputs['hourly-price'])}; decides ${one.decides.join(', ') || 'no setting'}`,
      );
    terminal.out(`${chosen.length} questions: ${costOf(chosen, inputs['hourly-price'])}`);
    return 0;
  }
  if (inputs.policy) {
    const { role, bucket } = needed(inputs, ['role', 'bucket']);
    terminal.out(
      jsonText(policyOf(chosen, { role, bucket, ...withoutUndefined({ pipelineRole: inputs['pipeline-role'] }) }), 2),
    );
    return 0;
  }
  if (inputs.replay !== undefined) {
    const { lines, same } = await replay(inputs.replay, questions, host().cancellation.signal);
    for (const line of lines) terminal.out(line);
    return same ? 0 : 1;
  }
  if (inputs.simulator) {
    refuseTaken(inputs.out);
    const { signal } = host().cancellation;
    const write = inputs.out === undefined ? undefined : writerOf(inputs.out);
    return report(await probeSimulator({ questions: chosen, signal, say: terminal.err }), write, terminal);
  }
  return ofAccount(inputs, chosen, host, terminal);
};

const chosenOf = (only: string | undefined): readonly Question[] => {
  if (only === undefined) return questions;
  const names = only.split(',');
  const known = questions.map(({ id }) => id);
  for (const name of names)
    if (!known.includes(name)) {
      const nearest = suggest(name, known);
      const hint = nearest === undefined ? '--list names them' : `did you mean ${nearest}?`;
      throw new InputError(`only: ${quoted(name)} is not a question; ${hint}`);
    }
  return questions.filter(({ id }) => names.includes(id));
};

type Own = 'role' | 'image' | 'model-data' | 'bucket';
const needed = <Name extends Own>(inputs: Inputs, names: readonly Name[]): Readonly<Record<Name, string>> => {
  const missing = names.filter((name) => inputs[name] === undefined);
  if (missing.length > 0) throw new InputError(`give ${missing.map((name) => `--${name}`).join(', ')}`);
  return inputs as Inputs & Readonly<Record<Name, string>>;
};

const refuseTaken = (out: string | undefined): void => {
  if (out === undefined) return;
  if (existsSync(out)) throw new InputError(`out: ${quoted(out)} exists; name another file`);
  // Found out now, and not when hours have been paid for.
  try {
    accessSync(dirname(out), constants.W_OK);
  } catch {
    throw new InputError(
      `out: ${quoted(out)} cannot be written; name a file in a folder that exists and can be written`,
    );
  }
};

const ofAccount = async (
  inputs: Inputs,
  chosen: readonly Question[],
  host: () => CommandLine,
  terminal: Terminal,
): Promise<0 | 1> => {
  const own = inputs.clean ? undefined : givenOf(inputs);
  const { env, cancellation, ...rest } = host();
  const clock = await clockOf({ env, ...rest });
  const out = inputs.out ?? `probe-${iso(clock.now()).slice(0, 10)}.json`;
  refuseTaken(own === undefined ? undefined : out);
  const connection = connectionFrom(env, inputs.region);
  const credentials = base({ ...connection, clock });
  const { signal } = cancellation;
  const { sts } = createAwsClients({ ...connection, credentials, clock, signal, bucketOwner: noOwner }).reads;
  const { Account: account = '' } = await sts.getCallerIdentity();
  const place = `the account ending in ${account.slice(-4)}, ${connection.region}`;
  const calls = anyCalls(connection, credentials, clock, signal);
  if (own === undefined) {
    const where = inputs.bucket === undefined ? place : `${place}, and in the bucket ${inputs.bucket}`;
    const consent = `Everything that probes left in ${where} is removed, also that of a probe that runs at this moment.`;
    if (!(await agreed(consent, inputs, terminal, signal))) {
      terminal.out('nothing was removed');
      return 0;
    }
    terminal.out(`looking for the objects of probes in ${place}`);
    const removed = await clean({ aws: calls.removing, clock, bucket: inputs.bucket, say: terminal.out });
    terminal.out(`removed ${removed} object(s) of probes in ${place}`);
    if (inputs.bucket === undefined) terminal.out('objects in S3 were not looked for: name the bucket with --bucket');
    return 0;
  }
  // The account of the role is written in its ARN: the credentials of another one would only be refused later.
  if (account !== own.role.split(':')[4])
    throw new InputError(`role: ${quoted(own.role)} is not in ${place}, to which the credentials belong`);
  for (const one of chosen) terminal.out(`${one.id.padEnd(22)} ${costOf([one], inputs['hourly-price'])}`);
  const cost = costOf(chosen, inputs['hourly-price']);
  const consent = `${chosen.length} question(s) to ${place}: ${cost}. Everything made is removed again; an endpoint in the middle of a change costs until the change ends.`;
  if (!(await agreed(consent, inputs, terminal, signal))) {
    terminal.out('nothing was asked');
    return 0;
  }
  signal.addEventListener('abort', () => terminal.err('ending: what was made is being removed, which takes minutes'), {
    once: true,
  });
  const run = sha256(`${clock.now()} ${runFrom(env, 'command-line').holder} ${process.pid}`).slice(0, 8);
  const write = writerOf(out);
  const probed = await ask({
    questions: chosen,
    given: own,
    kept: (soFar) => void write(soFar),
    clock,
    signal,
    ...calls,
    run,
    about: { by: 'aws', suite: version, region: connection.region },
    say: terminal.err,
  });
  return report(probed, write, terminal);
};

/** Ctrl-C at the question declines. @throws {InputError} when nobody is there, and nobody agreed beforehand */
const agreed = async (
  consent: string,
  { yes }: Pick<Inputs, 'yes'>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<boolean> => {
  if (!yes) return Promise.race([confirm(consent, terminal), ended(signal)]);
  terminal.out(consent);
  return true;
};

const ended = (signal: AbortSignal): Promise<false> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(false), { once: true }));

const givenOf = (inputs: Inputs): Given => {
  const { role, image, bucket, 'model-data': modelData } = needed(inputs, ['role', 'image', 'model-data', 'bucket']);
  return {
    role,
    image,
    modelData,
    bucket,
    ...withoutUndefined({ pipelineRole: inputs['pipeline-role'] }),
    body: inputs.body,
    contentType: inputs['content-type'],
    instance: inputs.instance,
  };
};

const noOwner = (): never => {
  throw new Error('this client reads no bucket');
};

/** @returns the file, or why it could not be written */
type Write = (recording: Probed['recording']) => { readonly out: string } | { readonly problem: string };

/** Never over a file that was there. */
const writerOf = (out: string): Write => {
  let flag: 'wx' | 'w' = 'wx';
  return (recording) => {
    try {
      writeFileSync(out, `${jsonText(recording, 1)}\n`, { flag });
      flag = 'w';
      return { out };
    } catch (error) {
      return { problem: `the recording stands above and not in ${out}: ${describe(error)}` };
    }
  };
};

const report = ({ recording, trouble }: Probed, write: Write | undefined, terminal: Terminal): 0 | 1 => {
  const written = write?.(recording) ?? {};
  // It may have cost hours.
  if ('problem' in written) terminal.out(jsonText(recording, 1));
  for (const line of decidedLines(recording, decidedBy(recording, questions))) terminal.out(line);
  if ('out' in written) terminal.out(`wrote ${written.out}`);
  const problem = 'problem' in written ? written.problem : undefined;
  const troubles = [trouble, problem].filter((one) => one !== undefined);
  for (const one of troubles) terminal.err(`probe: ${one}`);
  return troubles.length === 0 ? 0 : 1;
};
