import { createHash, createHmac } from 'node:crypto';
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import type { Identity } from './identity.ts';
import { dnsSuffix } from './partition.ts';

/** Whose credentials they are. */
export interface Caller {
  readonly Account: string;
  readonly Arn: string;
}

export interface EarlyConnection {
  readonly region: string;
  readonly endpointUrl?: string;
  readonly version: string;
}

export interface EarlyRequest {
  /** The request has left this process, or never will. */
  readonly sent: Promise<void>;
  /** Never rejects: without an answer that says who the caller is, undefined. */
  readonly caller: Promise<Caller | undefined>;
}

const longestAnswer = 16 * 1024;
const body = 'Action=GetCallerIdentity&Version=2011-06-15';

/**
 * sts:GetCallerIdentity, once, by as little code as signs and sends it: the rest of the program loads meanwhile, the SDK's signer and clients
 * too. There is no retry and no error here. Whoever gets no answer asks in the usual way.
 * @param at time of the signature
 * @param signal ends the wait for the answer
 */
export const askCaller = (connection: EarlyConnection, keys: Identity, at: Date, signal: AbortSignal): EarlyRequest => {
  const url = new URL(connection.endpointUrl ?? `https://sts.${connection.region}.${dnsSuffix(connection.region)}`);
  const send = url.protocol === 'https:' ? overHttps : overHttp;
  let isSent = (): void => {};
  const sent = new Promise<void>((resolve) => {
    isSent = resolve;
  });
  const caller = new Promise<Caller | undefined>((resolve) => {
    const giveUp = (): void => {
      isSent();
      resolve(undefined);
    };
    try {
      const headers = signedHeaders(url.host, connection, keys, at);
      const options = { method: 'POST', path: '/', headers, signal };
      const asked = send(url, options, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece: string) => {
          text += piece;
          if (text.length > longestAnswer) asked.destroy();
        });
        answer.on('error', giveUp);
        answer.on('close', giveUp);
        answer.on('end', () =>
          resolve(answer.statusCode === 200 && text.length <= longestAnswer ? callerIn(text) : undefined),
        );
      });
      asked.on('finish', isSent);
      asked.on('error', giveUp);
      asked.on('close', giveUp);
      asked.end(body);
    } catch {
      // Node refuses keys with line breaks as headers before it sends them.
      giveUp();
    }
  });
  return { sent, caller };
};

/** AWS: "Create a signed AWS API request", for this one request: no query, a path that needs no encoding. */
export const signedHeaders = (
  host: string,
  { region, version }: EarlyConnection,
  { accessKeyId, secretAccessKey, sessionToken }: Identity,
  at: Date,
): Readonly<Record<string, string>> => {
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = [time.slice(0, 8), region, 'sts', 'aws4_request'];
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    host,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ['POST', '/', '', lines.join(''), names, sha256(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return {
    ...headers,
    'user-agent': `model-delivery/${version}`,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature}`,
  };
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** STS answers in XML (STS API reference, GetCallerIdentity, "Sample Response"). */
const callerIn = (text: string): Caller | undefined => {
  const Account = /<Account>(\d{12})<\/Account>/.exec(text)?.[1];
  const Arn = /<Arn>(arn:[^<&\s]+)<\/Arn>/.exec(text)?.[1];
  return Account && Arn ? { Account, Arn } : undefined;
};
