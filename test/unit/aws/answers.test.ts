import { describe, expect, test } from '@jest/globals';
import { createAnswers } from '../../../src/aws/answers.ts';
import { seconds } from '../../../src/clock.ts';

type Call = (input: object) => Promise<unknown>;

/** Services whose calls are counted; an answer is the number of its call. */
const open = (over: Readonly<Record<string, Call>> = {}) => {
  let now = 0;
  const sent: string[] = [];
  const call =
    (name: string): Call =>
    async (input) => {
      sent.push(name);
      return over[name] ? over[name](input) : sent.length;
    };
  const answers = createAnswers({ now: () => now });
  const reads = answers.reads({
    sagemaker: {
      describeEndpoint: call('describeEndpoint'),
      describeModel: call('describeModel'),
      listTags: call('listTags'),
    },
    cloudwatch: { describeAlarms: call('describeAlarms') },
    s3: { getObject: call('getObject'), sha256: call('sha256'), getBytes: call('getBytes') },
  });
  const writes = answers.writes({
    sagemaker: { updateEndpoint: call('updateEndpoint'), createModel: call('createModel') },
    cloudwatch: { putMetricAlarm: call('putMetricAlarm') },
    s3: { putObject: call('putObject'), copyObject: call('copyObject') },
    runtime: { invokeEndpoint: call('invokeEndpoint') },
  });
  return {
    ...{ answers, reads, writes, sent },
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
};
const churn = { EndpointName: 'churn' };
const record = { Bucket: 'releases', Key: 'churn/record.json' };
const refused = (name: string) => () => Promise.reject(Object.assign(new Error(name), { name }));

describe('at one instant', () => {
  test('a read is sent once, in whatever turn; another input is another read', async () => {
    const { reads, sent, pass } = open();
    expect(await reads.sagemaker.describeEndpoint(churn)).toBe(1);
    pass(seconds(1));
    expect(await reads.sagemaker.describeEndpoint({ ...churn })).toBe(1);
    expect(await reads.sagemaker.describeEndpoint({ EndpointName: 'iris' })).toBe(2);
    pass(seconds(4));
    expect(await reads.sagemaker.describeEndpoint(churn)).toBe(3);
    expect(sent).toHaveLength(3);
  });

  test('that something is absent is an answer; a failure is none', async () => {
    const absent = open({ describeModel: refused('NoSuchKey'), describeEndpoint: refused('InternalFailure') });
    for (let n = 0; n < 2; n++) {
      await expect(absent.reads.sagemaker.describeModel({})).rejects.toThrow();
      await expect(absent.reads.sagemaker.describeEndpoint({})).rejects.toThrow();
    }
    expect(absent.sent).toEqual(['describeModel', 'describeEndpoint', 'describeEndpoint']);
  });

  test('data sets are not kept, nor the record, in which others leave commands', async () => {
    const { reads, sent } = open();
    for (const read of [reads.s3.getBytes, reads.s3.getObject]) {
      await read(record);
      await read(record);
    }
    expect(sent).toHaveLength(4);
  });
});

describe('a write', () => {
  test.each([
    ['of the endpoint', 'updateEndpoint', churn, ['describeEndpoint', 'describeModel', 'listTags', 'getObject']],
    [
      'of a new model: of that one, and of lists',
      'createModel',
      { ModelName: 'm' },
      ['describeModel', 'listTags', 'getObject'],
    ],
    ['of a model that has another name', 'createModel', { ModelName: 'other' }, ['listTags', 'getObject']],
  ] as const)('%s is followed by a look', async (_what, name, input, again) => {
    const { reads, writes, sent } = open();
    const all = async () => {
      await reads.sagemaker.describeEndpoint(churn);
      await reads.sagemaker.describeModel({ ModelName: 'm' });
      await reads.sagemaker.listTags(churn);
      await reads.cloudwatch.describeAlarms({});
      await reads.s3.getObject(record);
    };
    await all();
    await writes.sagemaker[name](input);
    sent.length = 0;
    await all();
    expect(sent).toEqual(again);
  });

  test('that failed may have been carried out', async () => {
    const { reads, writes, sent } = open({ updateEndpoint: refused('TimeoutError') });
    await reads.sagemaker.describeEndpoint(churn);
    await expect(writes.sagemaker.updateEndpoint(churn)).rejects.toThrow();
    await reads.sagemaker.describeEndpoint(churn);
    expect(sent).toEqual(['describeEndpoint', 'updateEndpoint', 'describeEndpoint']);
  });

  test('of a copy says its checksum, unless that is one over parts', async () => {
    for (const [ChecksumType, calls] of [
      ['FULL_OBJECT', 1],
      ['COMPOSITE', 2],
    ] as const) {
      const CopyObjectResult = { ChecksumSHA256: Buffer.from('5e'.repeat(32), 'hex').toString('base64'), ChecksumType };
      const { reads, writes, sent } = open({ copyObject: async () => ({ CopyObjectResult }) });
      await writes.s3.copyObject(record);
      const found = await reads.s3.sha256(record);
      expect(sent).toHaveLength(calls);
      if (calls === 1) expect(found).toBe('5e'.repeat(32));
    }
  });
});

test('a clock that is set back makes no answer young again', async () => {
  const { reads, sent, pass } = open();
  await reads.sagemaker.describeModel({});
  pass(-seconds(10));
  await reads.sagemaker.describeModel({});
  expect(sent).toHaveLength(2);
});

test('a rule that wants a look directly before a write has it', async () => {
  const { answers, reads, sent, pass } = open();
  await reads.sagemaker.describeModel({});
  pass(-seconds(10));
  answers.forget();
  await reads.sagemaker.describeModel({});
  expect(sent).toHaveLength(2);
});

test('what is refused contradicts the answers before it', async () => {
  for (const [service, name] of [
    ['runtime', 'invokeEndpoint'],
    ['cloudwatch', 'putMetricAlarm'],
  ] as const) {
    const { reads, writes, sent } = open({ [name]: refused('ValidationError') });
    await reads.sagemaker.describeEndpoint(churn);
    await expect((writes[service] as Readonly<Record<string, Call>>)[name]?.(churn)).rejects.toThrow();
    await reads.sagemaker.describeEndpoint(churn);
    expect(sent).toEqual(['describeEndpoint', name, 'describeEndpoint']);
  }
});

test('turns that write nothing do not go on for ever with the same answers', async () => {
  const { answers, reads, writes, sent } = open();
  const turns = async (count: number) => {
    for (; count > 0; count--) {
      answers.beginTurn();
      await reads.sagemaker.describeEndpoint(churn);
    }
  };
  await turns(3);
  expect(sent).toEqual(['describeEndpoint']);
  await writes.s3.putObject(record);
  await turns(3);
  expect(sent).toEqual(['describeEndpoint', 'putObject']);
  await turns(1);
  expect(sent).toEqual(['describeEndpoint', 'putObject', 'describeEndpoint']);
});

test('a request to a model changes nothing that is read', async () => {
  const { reads, writes, sent } = open();
  await reads.sagemaker.describeEndpoint(churn);
  await writes.runtime.invokeEndpoint(churn);
  await reads.sagemaker.describeEndpoint(churn);
  expect(sent).toEqual(['describeEndpoint', 'invokeEndpoint']);
});
