import { describe, expect, test } from '@jest/globals';
import type { Settings, Simulator } from '../../simulator/contracts.ts';
import { demandsOf } from '../../simulator/iam/demands.ts';
import { defaultSettings, flips } from '../../simulator/settings.ts';
import { type CredentialSource, fixed } from '../../src/aws/credentials.ts';
import { cleaning } from '../../src/probe/clean.ts';
import { policyOf } from '../../src/probe/policy.ts';
import type { Question } from '../../src/probe/question.ts';
import { questions } from '../../src/probe/questions/all.ts';
import { readingsOf } from '../../src/probe/recording.ts';
import { unasked } from '../../src/probe/unasked.ts';
import { agrees } from '../../src/rehearsal/probe-report.ts';
import { probeSimulator, type SimulatedProbe, simulatedGiven } from '../../src/rehearsal/probe-simulator.ts';

type Name = keyof Settings;
const { signal } = new AbortController();

const probed = (question: Question, more: Partial<SimulatedProbe> = {}) =>
  probeSimulator({ questions: [question], signal, say: () => {}, ...more });

/** Settings under which another one can be seen at all. */
const beside: Readonly<Partial<Record<Name, Partial<Settings>>>> = {
  // Where a cold endpoint lets the request wait, nothing but the time of the answer shows it; the simulator answers at once.
  serverlessIdleMs: { modelNotReadyMs: 20_000 },
};

/** Values beyond the flips. */
const third: Readonly<Partial<Record<Name, Settings[Name]>>> = { unapprovedRefusedAt: 'CreateEndpoint' };

describe('every setting without a source', () => {
  test.each(Object.keys(flips) as Name[])('%s has a question, or a reason why it has none', (name) => {
    const asked = questions.some(({ decides }) => decides.includes(name));
    expect([asked, name in unasked]).toEqual(asked ? [true, false] : [false, true]);
  });

  test('a question decides settings that exist', () => {
    for (const { decides } of questions) for (const name of decides) expect(defaultSettings).toHaveProperty(name);
    for (const name of Object.keys(unasked)) expect(flips).toHaveProperty(name);
  });
});

/** A session of a role that has this policy and nothing else. */
const under =
  (policy: object) =>
  async (simulator: Simulator): Promise<CredentialSource> => {
    simulator.attachPolicy('model-deployer', policy);
    const { Credentials } = (await simulator.call('sts', 'AssumeRole', {
      RoleArn: `arn:aws:iam::111122223333:role/model-deployer`,
      RoleSessionName: 'probe',
      DurationSeconds: 3600 * 12,
    })) as unknown as {
      readonly Credentials: Readonly<Record<'AccessKeyId' | 'SecretAccessKey' | 'SessionToken', string>>;
    };
    return fixed({
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken,
    });
  };

/** What a probe made and did not remove. */
const leftIn = async (simulator: Simulator): Promise<readonly string[]> => {
  const answers = [
    ...(await Promise.all(
      ['ListEndpoints', 'ListEndpointConfigs', 'ListModels', 'ListModelPackageGroups'].map((list) =>
        simulator.call('sagemaker', list, {}),
      ),
    )),
    await simulator.call('cloudwatch', 'DescribeAlarms', {}),
    await simulator.call('codepipeline', 'ListPipelines', {}),
    await simulator.call('codepipeline', 'ListActionTypes', {}),
  ];
  const objects = simulator.objects.under(simulatedGiven.bucket, 'model-delivery-probe/').map(({ key }) => key);
  return [...JSON.stringify(answers).matchAll(/mdprobe-[\w-]+/g), ...objects].map(String);
};

const actionsOf = ({ requests }: Simulator): readonly string[] =>
  requests.flatMap(({ service, operation, input }) =>
    demandsOf(place, { service, operation, input: { ...(input as object) } }).map(({ action }) => action),
  );

/** The defaults, and each other value of a setting that the question decides. */
const variantsOf = ({ decides }: Question): readonly Partial<Settings>[] => [
  {},
  ...(decides as Name[]).flatMap((name) =>
    [flips[name], third[name]].flatMap((value) =>
      value === undefined ? [] : [{ ...beside[name], [name]: value } as Partial<Settings>],
    ),
  ),
];

describe('one question alone', () => {
  test.each(questions.map((question) => ({ id: question.id, question })))(
    '$id: finds the value that is set, by the calls of its policy and no others, within its time, and leaves nothing',
    async ({ question }) => {
      const made = new Set<string>();
      const notSeen = new Set<Name>(question.decides as Name[]);
      for (const settings of variantsOf(question)) {
        const left: string[] = [];
        const { recording, trouble } = await probed(question, {
          settings: { ...settings, roleMaxSessionMs: 12 * 3_600_000 },
          credentials: under(policyOf([question], simulatedGiven)),
          ended: async (simulator) => {
            left.push(...(await leftIn(simulator)));
            for (const action of actionsOf(simulator)) made.add(action);
          },
        });
        const [answer] = recording.asked;
        expect([settings, trouble, answer?.undecided, left]).toEqual([settings, undefined, undefined, []]);
        expect(answer?.seconds).toBeLessThanOrEqual(question.minutes * 60);
        for (const [setting, reading] of Object.entries((answer && readingsOf(answer, question)) ?? {})) {
          const name = setting as Name;
          const value = settings[name] ?? defaultSettings[name];
          if (reading !== undefined && agrees(value, reading)) notSeen.delete(name);
          expect([settings, name, reading !== undefined && agrees(value, reading) ? value : reading]).toEqual([
            settings,
            name,
            value,
          ]);
        }
        // A value other than the default must be read, not only agree with what was read.
        const [last] = Object.keys(settings).slice(-1) as Name[];
        if (last !== undefined) expect(answer && readingsOf(answer, question)).toHaveProperty(last);
        const text = JSON.stringify(recording);
        const { role, bucket, image } = simulatedGiven;
        for (const name of ['111122223333', role, bucket, image, 'mdprobe-5a5a5a5a', 'secretAccessKey', 'ASIA'])
          expect(text).not.toContain(name);
      }
      expect([...notSeen]).toEqual([]);
      const own = [...made].filter((action) => !cleaning.includes(action)).sort();
      expect(own).toEqual([...new Set(question.actions)].filter((action) => !cleaning.includes(action)).sort());
    },
  );
});

const place = {
  arn: (service: string, resource: string): string => `arn:aws:${service}:eu-west-1:111122223333:${resource}`,
};
