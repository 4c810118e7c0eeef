import { describe, expect, it } from '@jest/globals';
import { describe as describeError, withoutSecretsIn, withoutSecretsInReason } from '../../../src/aws/errors.ts';
import { readInputs } from '../../../src/inputs/read-inputs.ts';
import { loadManifest } from '../../../src/manifest/load.ts';
import { writeMemory } from '../../../src/memory.ts';
import { registerModelInputs } from '../../../src/operations/register-model-inputs.ts';
import { parseEvaluation } from '../../../src/registry/evaluation.ts';
import { manifestText, rehearsedTeam } from '../../../src/rehearsal/manifest.ts';
import { failureOf } from '../../../src/report/failure.ts';
import { type Result, scrubbed } from '../../../src/report/result.ts';
import { InputError } from '../../../src/schema.ts';
import { keepSecret, keepSecretsOf, keepVariablesOf, quoted, redacted, withoutSecrets } from '../../../src/secrets.ts';

// Put together here, so that no scanner takes them for real ones.
const keyId = `AK${'IA'}IOSFODNN7EXAMPLE`;
const token = `IQoJb3JpZ2luX2VjEPT${'x'.repeat(30)}+/=`;

describe('what AWS quotes', () => {
  it.each([
    [
      'the request that it signed itself',
      `The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this request should have been\n'POST\n/\n\nhost:api.sagemaker.eu-west-1.amazonaws.com\nx-amz-security-token:${token}\n\nhost;x-amz-security-token\n"e3b0"'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20260105T090000Z\nscope'`,
      'The request signature we calculated does not match the signature you provided.\n\n(the quoted request is left out)',
    ],
    [
      'the header it could not read',
      `'${token}' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 Credential=${keyId}/20260105, SignedHeaders=host, Signature=fe5f80'.`,
      /^no valid key=value pair .* in Authorization header: 'AWS4-HMAC-SHA256 \*\*\*'\.$/,
    ],
    ['the header', `Authorization=AWS4-HMAC-SHA256 Credential=${keyId}/x, Signature=fe5f80`, 'Authorization=***'],
    ['the session', `X-Amz-Security-Token: ${token}\nnext`, 'X-Amz-Security-Token: ***\nnext'],
    [
      'a presigned address',
      `https://b.s3.amazonaws.com/k?X-Amz-Credential=${keyId}%2F2026&X-Amz-Security-Token=abc%2B&X-Amz-Signature=fe5f80&x=1`,
      'https://b.s3.amazonaws.com/k?X-Amz-Credential=***&X-Amz-Security-Token=***&X-Amz-Signature=***&x=1',
    ],
    [
      "a container's variable",
      "1 validation error detected: Value '{DB=hunter2, N='1'}' at 'primaryContainer.environment' failed to satisfy constraint: Map value must have length less than or equal to 1024",
      "1 validation error detected: the value at 'primaryContainer.environment' failed to satisfy constraint: Map value must have length less than or equal to 1024",
    ],
    ['a key', `The key ${keyId} is not known`, 'The key *** is not known'],
    [
      'a proxy',
      'connect to http://mina:hunter2@proxy.example:3128 failed',
      'connect to http://***@proxy.example:3128 failed',
    ],
    ['a job token', `token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvIn0.c2ln is not valid`, 'token *** is not valid'],
    ['an assignment', 'HF_TOKEN=abcdefgh and "db_password": "hunter2"', 'HF_TOKEN=*** and "db_password": "***"'],
    ['a key of OpenAI', `key sk-proj-abcdEFGH1234${'x'.repeat(12)} is wrong`, 'key *** is wrong'],
    ['a token of Hugging Face', `hf_${'AbcdeFghij'.repeat(3)}klmn is wrong`, '*** is wrong'],
    [
      'variables that are no counts',
      'TOKENIZERS_AUTH=hunter2a api_tokens=1234+hunter2',
      'TOKENIZERS_AUTH=*** api_tokens=***',
    ],
  ])('%s', (_, reported, shown) => {
    if (typeof shown === 'string') expect(redacted(reported)).toBe(shown);
    else expect(redacted(reported)).toMatch(shown);
    expect(redacted(reported)).not.toMatch(/hunter2|fe5f80|IOSFODNN|IQoJ/);
    expect(redacted(redacted(reported))).toBe(redacted(reported));
    const error = Object.assign(new Error(reported), {
      name: 'ValidationException',
      $metadata: {},
      call: 'sagemaker:X',
    });
    expect(describeError(error)).not.toMatch(/hunter2|fe5f80|IOSFODNN/);
    expect(failureOf(error).because).not.toMatch(/hunter2|fe5f80|IOSFODNN/);
  });

  it.each([
    'failed/credentials-unavailable: missing permissions for role model-deployer',
    'resume-token: not a token that this version wrote; leave it out',
    'resume-token: {"v":1,"release":"r-1"}',
    '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn@sha256:ab12',
    's3://ml-releases/churn/record.json at https://console.aws.amazon.com/x?region=eu-west-1',
    'the security token included in the request is expired',
    'grant secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:111122223333:secret:x',
    'User: arn:aws:sts::111122223333:assumed-role/deployer/x is not authorized to perform: sagemaker:CreateModel',
    'created endpoint config sk-learn-churn-scoring-1-0-0-31822ed4',
    's3://ml-artifacts/hf_distilbert-base-uncased-finetuned/model.tar.gz',
    'max_new_tokens=4096, n_tokens="512" and TOKENIZERS_PARALLELISM=false',
  ])('%j says no secret and stays', (reported) => {
    expect(redacted(reported)).toBe(reported);
  });

  it('goes out of the error itself, where the request is known', () => {
    keepVariablesOf({ PrimaryContainer: { Environment: { DB: 'correct horse', N: '1' } }, ModelName: 'churn' });
    const error = new Error('Invalid value correct horse for DB of churn, 1 of 1');
    withoutSecretsIn(error);
    expect(error.message).toBe('Invalid value *** for DB of churn, 1 of 1');
    expect(error.stack).not.toContain('correct horse');
  });
});

describe('plain data', () => {
  it('keeps its instants, numbers and nothings', () => {
    const kept = { at: new Date(0), none: null, list: [1, new Date(1)], on: false };
    expect(withoutSecrets(kept)).toEqual(kept);
    expect(JSON.stringify(withoutSecrets(kept))).toBe(JSON.stringify(kept));
  });
});

describe('a failure', () => {
  it.each([new Error('db_password=hunter2'), new InputError('db_password=hunter2'), 'db_password=hunter2'])(
    'is reported without its secrets: %s',
    (error) => {
      expect(failureOf(error).because).toBe('db_password=***');
    },
  );
});

describe('what a container is given', () => {
  it('is in no sentence of AWS about a failure, and stays a word everywhere else', () => {
    keepVariablesOf({
      manifest: { environments: { production: { endpoint: { environment: { DB: 'correct horse 2' } } } } },
    });
    const answer = { EndpointName: 'churn', FailureReason: 'docker run -e DB=correct horse 2 failed' };
    expect(withoutSecretsInReason(answer)).toEqual({
      EndpointName: 'churn',
      FailureReason: 'docker run -e DB=*** failed',
    });
    expect(redacted('correct horse 2')).toBe('correct horse 2');
    const denial = Object.assign(
      new Error('User: x is not authorized to perform: s3:GetObject on resource: correct horse 2'),
      { name: 'AccessDenied' },
    );
    expect((withoutSecretsIn(denial) as Error).message).toContain('correct horse 2');
  });

  it("does not take an environment's name for a variable", () => {
    keepVariablesOf({ environment: 'production', manifest: { environments: { production: { role: 'deployer' } } } });
    expect((withoutSecretsIn(new Error('production is busy, says deployer')) as Error).message).toBe(
      'production is busy, says deployer',
    );
  });
});

describe('what this process learned', () => {
  it('is in no text, also as a part of an address', () => {
    keepSecret('wJalrXUtnFEMI/K7MDENG');
    keepSecretsOf({ ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token-of-the-job' });
    expect(redacted('a wJalrXUtnFEMI/K7MDENG b wJalrXUtnFEMI%2FK7MDENG c request-token-of-the-job')).toBe(
      'a *** b *** c ***',
    );
  });

  it('is in no memory, no record and no result', () => {
    keepSecret('a-secret-that-was-learned');
    expect(writeMemory({ v: 1, note: 'a-secret-that-was-learned' } as never)).toBe('{"v":1,"note":"***"}');
    expect(withoutSecrets({ a: ['a-secret-that-was-learned', 1], 'a-secret-that-was-learned': null })).toEqual({
      a: ['***', 1],
      '***': null,
    });
    const result = { because: 'a-secret-that-was-learned' } as unknown as Result;
    expect(scrubbed(result).because).toBe('***');
  });

  it('does not take words for secrets', () => {
    keepSecret('churn', undefined, '');
    expect(redacted('churn serves')).toBe('churn serves');
  });
});

describe('a refused manifest', () => {
  const refusal = (change: (text: string) => string): string => {
    try {
      loadManifest(
        change(manifestText({ endpoint: ['instance: { type: ml.m5.large, count: 4 }', 'environment: { DB: x }'] })),
        'delivery.yml',
      );
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('it was accepted');
  };
  const environment = (yaml: string) => (text: string) =>
    text.replace('environment: { DB: x }', `environment: ${yaml}`);

  it.each([
    ['a text', '"DB=hunter2"'],
    ['a list of texts', '["DB=hunter2"]'],
    ['names and values', '[{ name: DB, value: hunter2 }]'],
    ['a mapping too many', '{ DB: { value: hunter2 } }'],
    ['a list as a value', '{ DB: [hunter2] }'],
    ['all in the key', '{ "DB=hunter2": 1 }'],
    ['all in the key, with a space', '{ "DB hunter2": x }'],
    ['a number', '{ DB: 20260105 }'],
    ['an alias', '{ DB: *hunter2 }'],
    ['a tag', '{ DB: !hunter2 x }'],
    ['an escape', '{ DB: "\\hunter2" }'],
    ['a key of its own', '{ DB: x }\n      DB=hunter2: 1'],
  ])('does not repeat a variable that was written as %s', (_, yaml) => {
    expect(refusal(environment(yaml))).not.toMatch(/hunter2|20260105/);
    expect(refusal(environment(yaml))).toMatch(/^delivery\.yml:\d+:\d+: /);
  });

  it('does not repeat what looks like a secret, wherever it stands', () => {
    const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCY';
    for (const [from, to] of [
      ['type: ml.m5.large', `type: ${secret}`],
      ['role: model-deployer', `role: "${secret} "`],
      ['region: eu-west-1', `region: ${secret}`],
      [`model: ${rehearsedTeam.model}`, `model: PASSWORD=${secret}`],
    ] as const)
      expect(refusal((text) => text.replace(from, to))).not.toContain(secret);
  });

  it('still says what was written where that helps', () => {
    expect(refusal((text) => text.replace('bake: 10m', 'bake: 10 minutes'))).toContain(
      '"10 minutes" is not a duration',
    );
  });
});

describe('inputs', () => {
  const shown = (text: string): string | undefined => registerModelInputs['container-environment'].shown?.(text);

  it.each([
    ['DB=hunter2', 'DB=…'],
    ['DB=hunter2\nN=1', 'DB=…\nN=…'],
    ['hunter2', '…'],
    ['aHVudGVyMg==', '…'],
    ['DB: hunter2', '…'],
    ['DB hunter2=1', '…'],
    ['', ''],
  ])('%j is shown as %j', (text, reported) => {
    expect(shown(text)).toBe(reported);
  });

  it.each(['hunter2', '=hunter2', '1DB hunter2=1'])('%j is refused and not repeated', (line) => {
    const read = () => readInputs({ env: registerModelInputs['container-environment'] }, () => line);
    expect(read).toThrow('env: ');
    expect(read).not.toThrow(/hunter2|aHVud/);
  });

  it('a file that is not JSON is not repeated', () => {
    expect(() => parseEvaluation('hunter2, 1, 2', 'rows.json')).toThrow('rows.json: not JSON');
    expect(() => parseEvaluation('hunter2, 1, 2', 'rows.json')).not.toThrow(/hunter2/);
  });

  it('a value is shown when it cannot be a secret', () => {
    expect(quoted('Sheep 1')).toBe('"Sheep 1"');
    expect(quoted(Number.NaN)).toBe('NaN');
    expect(quoted(Number.POSITIVE_INFINITY)).toBe('Infinity');
    expect(quoted('KEY=value')).toBe('the value (not shown: it may be a secret)');
    expect(quoted(keyId)).toBe('the value (not shown: it may be a secret)');
  });
});
