import { readFileSync } from 'node:fs';
import { rehearsedTeam } from '../../src/rehearsal/manifest.ts';
import type { TestAccount } from './account.ts';
import type { Channels } from './secret-paths.ts';

type Texts = Readonly<Record<string, string>>;

/** `<place> in <channel>`, for every secret in a channel: in plain form, or as a part of JSON or of an address. */
export const leaks = (runs: readonly Channels[], all: Texts): string[] =>
  runs.flatMap((channels) =>
    Object.entries(channels).flatMap(([channel, text]) =>
      Object.entries(all).flatMap(([place, secret]) =>
        [secret.trim(), JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)].some((form) =>
          text.includes(form),
        )
          ? [`${place} in ${channel}: …${text.slice(Math.max(0, text.indexOf(secret.trim()) - 80)).slice(0, 160)}`]
          : [],
      ),
    ),
  );

interface WireLine {
  readonly service: string;
  readonly operation: string;
  readonly request: { readonly headers: Texts; readonly body: string };
  readonly answer: { readonly body: string };
}
const wireLines = (wire: string): readonly WireLine[] =>
  readFileSync(wire, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as WireLine);

const textIn = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

/** The credentials from STS, read from the bytes on the wire. */
export const assumedIn = (wire: string) => {
  const answers = wireLines(wire)
    .filter(({ service, operation }) => service === 'sts' && operation.startsWith('AssumeRole'))
    .map(({ operation, answer }) => ({ operation, text: textIn(answer.body) }));
  const all = (texts: readonly string[], member: string): string[] =>
    texts.flatMap((text) => [...text.matchAll(new RegExp(`<${member}>([^<]+)<`, 'g'))].map(([, value = '']) => value));
  const github = answers.filter(({ operation }) => operation === 'AssumeRoleWithWebIdentity').map(({ text }) => text);
  const texts = answers.map(({ text }) => text);
  return {
    tokens: all(github, 'SessionToken'),
    secretKeys: { github: all(github, 'SecretAccessKey'), all: all(texts, 'SecretAccessKey') },
    accessKeys: all(texts, 'AccessKeyId'),
    allTokens: all(texts, 'SessionToken'),
  };
};

/** Secrets that exist only once the processes have run. */
export const learned = (wire: string, masked: readonly string[]): Texts => {
  const { secretKeys, allTokens, accessKeys } = assumedIn(wire);
  const lines = wireLines(wire);
  const jobs = lines
    .filter(({ operation }) => operation === 'PollForJobs')
    .flatMap(({ answer }) => [...textIn(answer.body).matchAll(/"(secretAccessKey|sessionToken)":"([^"]+)"/g)]);
  const identities = lines
    .filter(({ operation }) => operation === 'AssumeRoleWithWebIdentity')
    .flatMap(({ request }) => new URLSearchParams(textIn(request.body)).get('WebIdentityToken') ?? []);
  const named = (name: string, values: readonly string[]): Texts =>
    Object.fromEntries(
      [...new Set(values)].slice(0, 200).map((value, i) => [i === 0 ? name : `${name} (${i + 1})`, value]),
    );
  const all = {
    ...named('assumed role: secret access key', secretKeys.all),
    ...named('assumed role: session token', allTokens),
    ...named('assumed role: access key', accessKeys),
    ...named("GitHub's identity token", identities),
    ...named(
      "the job's artifact credentials",
      jobs.map(([, , value = '']) => value),
    ),
    ...named(
      'masked by the run',
      masked.filter((value) => value.length > 15),
    ),
  };
  if (Object.values(all).some((value) => value.length < 16)) throw new Error('a secret is missing on the wire');
  return all;
};

/** The release record and every journal beside it. */
export const recordsOf = async ({ simulator }: TestAccount): Promise<string> => {
  const Bucket = `model-delivery-${rehearsedTeam.account}-${rehearsedTeam.region}`;
  const { Contents } = await simulator.call('s3', 'ListObjectsV2', { Bucket, Prefix: `${rehearsedTeam.endpoint}/` });
  return (Contents as readonly { readonly Key: string }[])
    .map(({ Key }) => simulator.objects.get(Bucket, Key)?.body.toString() ?? '')
    .join('\n');
};
