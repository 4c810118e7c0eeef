import { describe, expect, test } from '@jest/globals';
import type { DescribeModelOutput } from '../../../src/aws/sagemaker.ts';
import {
  capacityOf,
  hardwareOf,
  hardwareOfVariant,
  kindOf,
  kindRequested,
  kinds,
  mayBecome,
  servedKindOf,
} from '../../../src/endpoint/kind.ts';
import { type Look, lookAt, packageOfModel } from '../../../src/endpoint/look.ts';
import { kindNotes, refuseOtherKind, refuseUnusable } from '../../../src/endpoint/refuse-kind.ts';
import { type EndpointSpec, type ReplaceableKind, replaceableKinds } from '../../../src/manifest/manifest.ts';
import { Refusal } from '../../../src/operation.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import type { EndpointKind, EndpointMechanism } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { recordOf } from '../../support/planning.ts';
import { subject } from '../../support/release.ts';
import { awsError } from '../../support/stored.ts';

/** The answers of AWS about one endpoint; absent: as for one model on one variant. */
interface Answers {
  readonly endpoint?: object;
  readonly config?: object | undefined;
  readonly model?: object;
  /** Status of an inference experiment on this endpoint. */
  readonly experiment?: string;
  /** The number of containers of any package, as read by the account itself; an error instead of the answer. */
  readonly packaged?: number | Error;
  /** The same, as read in the registry. */
  readonly registered?: number | Error;
  /** Its members, as DescribeInferenceExperiment has them. */
  readonly described?: object;
  /** The answer to the list of experiments. */
  readonly refuses?: Error;
}

const weights = (given: Readonly<Record<string, number>>, more: object = {}) => ({
  ProductionVariants: Object.entries(given).map(([VariantName, CurrentWeight]) => ({
    VariantName,
    CurrentWeight,
    DesiredWeight: CurrentWeight,
    ...more,
  })),
});
const configured = (variant: object = {}, around: object = {}) => ({
  ProductionVariants: [
    {
      VariantName: 'AllTraffic',
      ModelName: 'churn-1',
      InstanceType: 'ml.m5.large',
      InitialInstanceCount: 2,
      ...variant,
    },
  ],
  ...around,
});

const look = async ({
  endpoint = {},
  config = configured(),
  model,
  experiment,
  described,
  refuses,
  packaged,
  registered,
}: Answers): Promise<Look> => {
  const sagemaker = {
    describeEndpoint: async () => ({
      EndpointStatus: 'InService',
      EndpointConfigName: 'churn-dark',
      ...weights({ AllTraffic: 1 }),
      ...endpoint,
    }),
    describeEndpointConfig: async () => config,
    describeModel: async () => model ?? { PrimaryContainer: { Image: 'churn' } },
    listInferenceExperiments: async () => {
      if (refuses) throw refuses;
      return { InferenceExperiments: experiment === undefined ? [] : [{ Name: 'autumn', Status: experiment }] };
    },
    describeInferenceExperiment: async () => ({
      Status: experiment,
      EndpointMetadata: { EndpointName: 'churn' },
      ...described,
    }),
  };
  const world = {
    account: { id: '111122223333' },
    ...(registered === undefined
      ? {}
      : { registry: { account: { id: '444455556666' }, read: { sagemaker: packages(registered) } } }),
    read: { sagemaker: { ...sagemaker, ...packages(packaged) } },
  };
  return (await lookAt(world as unknown as World, 'churn')) ?? fail();
};
const packages = (found: number | Error = 1) => ({
  describeModelPackage: async () => {
    if (found instanceof Error) throw found;
    return { InferenceSpecification: { Containers: Array.from({ length: found }, () => ({ Image: 'churn' })) } };
  },
});
const fail = (): never => {
  throw new Error('the endpoint is there');
};

const none = { InstanceType: undefined, InitialInstanceCount: undefined };
const two = [
  { Image: 'clean', ContainerHostname: 'clean' },
  { Image: 'churn', ContainerHostname: 'churn' },
];
/** One of each, as far as one look and the record show it. */
const examples: Readonly<Record<EndpointKind, Answers>> = {
  instances: {},
  stepped: { endpoint: weights({ AllTraffic: 1, 'AllTraffic-next': 0 }) },
  shifting: { endpoint: weights({ AllTraffic: 0.9, 'AllTraffic-next': 0.1 }) },
  serverless: { config: configured({ ...none, ServerlessConfig: { MaxConcurrency: 5, MemorySizeInMB: 2048 } }) },
  asynchronous: { endpoint: { AsyncInferenceConfig: { OutputConfig: {} } } },
  serial: { model: { Containers: two } },
  'asynchronous-serial': { config: configured({}, { AsyncInferenceConfig: {} }), model: { Containers: two } },
  direct: { model: { Containers: two, InferenceExecutionConfig: { Mode: 'Direct' } } },
  'multi-model': { model: { PrimaryContainer: { Image: 'churn', Mode: 'MultiModel' } } },
  'several-variants': { endpoint: { ...weights({ one: 1, two: 1 }), EndpointConfigName: 'of-others' } },
  shadowed: { endpoint: { ShadowProductionVariants: [{ VariantName: 'shadow' }] } },
  experiment: { experiment: 'Running' },
  'inference-components': { config: configured({ ModelName: undefined }, { ExecutionRoleArn: 'arn' }) },
  pooled: { config: configured({ ...none, InstancePools: [{ InstanceType: 'ml.m5.large', Priority: 1 }] }) },
};
const each = Object.entries(examples) as readonly (readonly [EndpointKind, Answers])[];

describe('the kind of an endpoint', () => {
  test.each(each)('%s', async (kind, answers) => {
    expect(kindOf(await look(answers), recordOf())).toBe(kind);
  });

  test('with two variants is a stepped rollout only when the record has it', async () => {
    expect(kindOf(await look(examples.stepped), newRecord(subject))).toBe('several-variants');
    expect(kindOf(await look({ endpoint: weights({ one: 1, two: 0 }) }), recordOf())).toBe('stepped');
  });

  test.each([
    ['shadows only in the config', { config: configured({}, { ShadowProductionVariants: [{}] }) }, 'shadowed'],
    [
      'serverless only in the answer about the endpoint',
      { endpoint: weights({ AllTraffic: 1 }, { CurrentServerlessConfig: {} }) },
      'serverless',
    ],
    ['one container in a list', { model: { Containers: two.slice(0, 1) } }, 'instances'],
    [
      'many models in one of two containers',
      { model: { Containers: [two[0], { Mode: 'MultiModel' }] } },
      'multi-model',
    ],
    ['neither an instance type nor capacity without instances', { config: configured(none) }, 'pooled'],
    ['an experiment that has not started', { experiment: 'Created' }, 'experiment'],
    ['an experiment that has ended', { experiment: 'Completed' }, 'instances'],
    ['an experiment that ends meanwhile', { experiment: 'Running', described: { Status: 'Completed' } }, 'instances'],
    [
      'an experiment by the name in other letters',
      { experiment: 'Running', described: { EndpointMetadata: { EndpointName: 'Churn' } } },
      'experiment',
    ],
    [
      'an experiment on another endpoint',
      { experiment: 'Running', described: { EndpointMetadata: { EndpointName: 'churn-2' } } },
      'instances',
    ],
    ['a deleted config', { config: undefined }, 'instances'],
  ] as const)('from %s', async (_, answers, kind) => {
    expect(kindOf(await look({ ...answers }), recordOf())).toBe(kind);
  });

  const denied = awsError('sagemaker:DescribeModelPackage', 'not authorized', 'AccessDeniedException');
  const madeOf = (account: string) => ({
    model: {
      PrimaryContainer: { ModelPackageName: `arn:aws:sagemaker:eu-west-1:${account}:model-package/churn/7` },
    },
  });
  test.each<[string, Answers, EndpointKind]>([
    ['of its own account', { ...madeOf('111122223333'), packaged: 2 }, 'serial'],
    ['with one container', { ...madeOf('111122223333'), packaged: 1 }, 'instances'],
    ['by its name alone', { model: { PrimaryContainer: { ModelPackageName: 'churn' } }, packaged: 2 }, 'serial'],
    ['of the registry, by its credentials', { ...madeOf('444455556666'), packaged: denied, registered: 2 }, 'serial'],
    ['of others, in spite of a registry', { ...madeOf('777788889999'), packaged: 2, registered: denied }, 'serial'],
    ['that it may not read', { ...madeOf('777788889999'), packaged: denied }, 'instances'],
  ])('has as many containers as the package %s', async (_whose, answers, kind) => {
    expect(kindOf(await look(answers), recordOf())).toBe(kind);
  });
  test('of several containers no package is that of the model, whichever comes first', async () => {
    const ModelPackageName = 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/encoder/3';
    const model = { Containers: [{ ModelPackageName }, { Image: 'churn' }] } as unknown as DescribeModelOutput;
    expect(packageOfModel(model)).toBeUndefined();
    expect(packageOfModel({ Containers: [{ ModelPackageName }] } as unknown as DescribeModelOutput)).toBe(
      ModelPackageName,
    );
    // It is not read either: a model with two containers is serial, whatever one of their packages has.
    const busy = awsError('sagemaker:DescribeModelPackage', 'Rate exceeded', 'ThrottlingException');
    expect(kindOf(await look({ model, packaged: busy }), recordOf())).toBe('serial');
  });
  test('is not decided while a package cannot be read for now', async () => {
    const busy = awsError('sagemaker:DescribeModelPackage', 'Rate exceeded', 'ThrottlingException');
    await expect(look({ ...madeOf('111122223333'), packaged: busy })).rejects.toThrow('Rate exceeded');
  });

  test('needs no permission to read experiments: a role of an older policy has none', async () => {
    const denied = awsError(
      'sagemaker:ListInferenceExperiments',
      'is not authorized to perform',
      'AccessDeniedException',
    );
    expect(kindOf(await look({ refuses: denied }), recordOf())).toBe('instances');
    const broken = awsError('sagemaker:ListInferenceExperiments', 'Rate exceeded', 'ThrottlingException');
    await expect(look({ refuses: broken })).rejects.toBe(broken);
  });

  test('of a deleted model shows in the images that still run', async () => {
    const images = ['a', 'b'].map((digit) => ({ ResolvedImage: `repository@sha256:${digit.repeat(64)}` }));
    const seen = await look({ endpoint: weights({ AllTraffic: 1 }, { DeployedImages: images }) });
    expect(kindOf({ ...seen, models: new Map() }, recordOf())).toBe('serial');
  });

  test('of a stepped rollout is the kind of the variant that is not the candidate', async () => {
    expect(servedKindOf(await look({ ...examples.stepped, model: { Containers: two } }))).toBe('serial');
  });

  test('in a request comes from the specification, and from the containers of the version', () => {
    const requested = (spec: object, containers = 1): EndpointKind => kindRequested(spec as EndpointSpec, containers);
    expect([
      requested({ serverless: {} }),
      requested({ instance: {}, async: {} }),
      requested({ instance: {} }),
      requested({ instance: {} }, 2),
      requested({ instance: {}, async: {} }, 3),
    ]).toEqual(['serverless', 'asynchronous', 'instances', 'serial', 'asynchronous-serial']);
  });

  test('requests are counted by the one metric that it publishes for each of them', () => {
    const counted = each.map(([kind]) => [kind, kinds[kind].requests.metric]);
    expect(counted.filter(([, metric]) => metric !== 'Invocations')).toEqual([
      ['asynchronous', 'ModelLatency'],
      ['asynchronous-serial', 'ModelLatency'],
    ]);
    expect(kinds.asynchronous).toMatchObject({ failures: 'server-errors', judged: false });
  });

  test('can be stated in the manifest exactly when it can be left by a statement', () => {
    const stated = each.map(([kind]) => kind).filter((kind) => kinds[kind].leave === 'stated');
    expect(stated).toEqual(replaceableKinds.filter((kind) => stated.includes(kind)));
    expect(stated).toHaveLength(replaceableKinds.length);
  });
});

const words = (check: () => void): string => {
  try {
    check();
    return 'goes on';
  } catch (error) {
    if (error instanceof Refusal) return `${error.reason}: ${error.message}`;
    throw error;
  }
};

describe('an endpoint that no update can reach is refused', () => {
  const refusal = async (
    answers: Answers,
    by: readonly EndpointMechanism[] | 'restore',
    spec: Pick<EndpointSpec, 'replacesKind'> = {},
  ): Promise<string> => {
    const seen = await look(answers);
    return words(() => refuseUnusable('churn', seen, kindOf(seen, recordOf()), by, spec));
  };
  const going = async (by: readonly EndpointMechanism[] | 'restore') => {
    const found = await Promise.all(each.map(async ([kind, answers]) => [kind, await refusal(answers, by)]));
    return found.filter(([, said]) => said === 'goes on').map(([kind]) => kind);
  };

  test('although the manifest states its kind, which allows a rollback alone', async () => {
    const stated = { replacesKind: 'several-variants' } as const;
    const said = '`replaces-kind: several-variants` allows a rollback over it, and no delivery';
    expect(await refusal(examples['several-variants'], ['guardrail'], stated)).toContain(said);
    expect(await refusal(examples['several-variants'], ['guardrail'])).not.toContain('allows a rollback');
    expect(await refusal(examples['several-variants'], 'restore', stated)).toBe('goes on');
  });

  test('by what its kind can do', async () => {
    expect(await going(['guardrail', 'replacement'])).toEqual([
      'instances',
      'serverless',
      'asynchronous',
      'serial',
      'asynchronous-serial',
      'direct',
      'multi-model',
    ]);
    expect(await going(['variants'])).toEqual(['instances', 'stepped', 'serial']);
    // A candidate beside what serves, with or without traffic, is a good reason to go back.
    const never = ['shadowed', 'experiment', 'inference-components', 'pooled'];
    expect(await going('restore')).toEqual(each.map(([kind]) => kind).filter((kind) => !never.includes(kind)));
  });

  test.each([
    [{ endpoint: { EndpointStatus: 'Failed', FailureReason: 'no capacity' } }, 'is Failed (no capacity): delete it'],
    [{ endpoint: { EndpointStatus: 'Deleting' } }, 'is Deleting'],
    [{ endpoint: { EndpointStatus: 'OutOfService' } }, 'is OutOfService'],
    [{ endpoint: { EndpointStatus: 'Creating' } }, 'is being created outside of this release'],
    [{ endpoint: { ProductionVariants: [] } }, 'has no variant in the answer of DescribeEndpoint'],
    [examples.shadowed, 'has a shadow variant: end the shadow test first'],
    [
      examples.experiment,
      'belongs to an inference experiment, which updates it and takes it back by itself (autumn): stop',
    ],
    [
      examples['inference-components'],
      'hosts inference components: its variant has no model of its own: update the comp',
    ],
    [
      examples.stepped,
      'has a candidate without traffic from a stepped rollout that has ended (AllTraffic, AllTraffic-next): remove the candidate with `rollback`, or give it the traffic with `shift-traffic`',
    ],
    [
      examples['several-variants'],
      'shares its traffic between several variants that this suite did not make (one, two): publish',
    ],
  ])('with the reason and the remedy: %j', async (answers, said) => {
    expect(await refusal(answers, ['guardrail'])).toContain(`endpoint-unusable: endpoint churn ${said}`);
  });
});

describe('another kind is made of an endpoint', () => {
  const refusal = async (answers: Answers, requested: EndpointKind, replacesKind?: EndpointSpec['replacesKind']) => {
    const seen = await look(answers);
    const spec = replacesKind === undefined ? {} : { replacesKind };
    return words(() => refuseOtherKind('churn', seen, kindOf(seen, recordOf()), requested, spec));
  };

  test.each(replaceableKinds.filter((kind) => kind !== 'instances'))(
    'of %s only when the manifest states it',
    async (kind) => {
      expect(await refusal(examples[kind], 'instances')).toContain(`set \`replaces-kind: ${kind}\``);
      expect(await refusal(examples[kind], 'instances', kind)).toBe('goes on');
      const wrong = replaceableKinds.find((other) => other !== kind);
      const said = await refusal(examples[kind], 'instances', wrong);
      expect(said).toContain(`the manifest has \`replaces-kind: ${wrong}\`, which is not its kind; to replace it`);
      expect(said).toContain(`set \`replaces-kind: ${kind}\``);
      expect(await refusal(examples[kind], kind)).toBe('goes on');
    },
  );

  test('never of a kind that the manifest cannot state', async () => {
    const said = await refusal(examples['inference-components'], 'instances');
    expect(said).toContain('and the release would make one of it that serves one model on instances: update the comp');
    expect(said).not.toContain('replaces-kind');
  });

  const notes = async (answers: Answers | undefined, requested: EndpointKind, replacesKind?: ReplaceableKind) => {
    const seen = answers && (await look(answers));
    const spec = { name: 'churn', ...(replacesKind === undefined ? {} : { replacesKind }) };
    return kindNotes(seen && { look: seen, kind: kindOf(seen, recordOf()) }, requested, spec);
  };
  const nothing = (why: string) => [
    `\`replaces-kind: serverless\` has nothing to replace, because ${why}: remove the key`,
  ];

  test('and the plan notes both kinds, also beside the candidate of a stepped rollout', async () => {
    const both = [
      expect.stringMatching(/^the endpoint becomes another kind, .* it answers each .* it serves one model/),
    ];
    expect(await notes(examples.serial, 'instances', 'serial')).toEqual(both);
    const serial = { ...examples.stepped, model: { Containers: two } };
    expect(await notes(serial, 'instances', 'serial')).toEqual(both);
  });

  test('and a statement with nothing to replace is a note', async () => {
    expect(await notes({}, 'instances', 'serverless')).toEqual(nothing('churn serves one model on instances already'));
    expect(await notes(examples.stepped, 'instances', 'serverless')).toEqual(
      nothing('churn serves one model on instances already'),
    );
    expect(await notes(undefined, 'instances', 'serverless')).toEqual(nothing('there is no endpoint churn'));
    expect(await notes({}, 'instances')).toEqual([]);
    expect(await notes(undefined, 'instances')).toEqual([]);
  });

  test('not of a stepped rollout, whose callers see the kind of its variants', async () => {
    expect(await refusal(examples.stepped, 'instances')).toBe('goes on');
    expect(await refusal(examples.shifting, 'instances')).toBe('goes on');
    expect(await refusal({ ...examples.stepped, model: { Containers: two } }, 'instances')).toContain(
      'answers each request by several containers in series, and the release',
    );
  });
});

describe('hardware', () => {
  const serverless = 'serverless';

  test('is an instance type, or none, or unknown', () => {
    expect(hardwareOf({} as EndpointSpec)).toBe(serverless);
    expect(hardwareOfVariant({ ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 1 } })).toBe(serverless);
    expect(hardwareOfVariant({ InstanceType: 'ml.m5.large' })).toBe('ml.m5.large');
    expect(hardwareOfVariant({})).toBeUndefined();
    expect([capacityOf({ instanceType: serverless }), capacityOf({ instanceType: 'ml.m5.large' })]).toEqual([
      'concurrency',
      'instances',
    ]);
  });

  test('with instances never becomes one without', () => {
    const [some, nothing] = [{ instanceType: 'ml.m5.large' }, { instanceType: serverless }];
    expect([
      mayBecome(some, some),
      mayBecome(nothing, nothing),
      mayBecome(nothing, some),
      mayBecome(some, nothing),
    ]).toEqual([true, true, true, false]);
  });
});
