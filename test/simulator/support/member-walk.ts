import { membersOf } from '../../../simulator/members.ts';
import { patternOf, type Shape, shapeOf, type Tables } from '../../../simulator/validation.ts';

/** Texts that the patterns of AWS's models ask for. */
const texts: readonly string[] = [
  'walked',
  '1',
  '1.2.3',
  's3://bucket/key',
  '111122223333',
  'arn:aws:iam::111122223333:role/model-serving',
  'arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012',
  'arn:aws:sns:eu-west-1:111122223333:topic',
  'arn:aws:sagemaker:eu-west-1:111122223333:model/m',
  'arn:aws:sagemaker:eu-west-1:111122223333:model-package/g/1',
  'arn:aws:sagemaker:eu-west-1:111122223333:hub/hub/hub-content/Model/x/1.0.0',
  'text/csv',
  'ml.m5.large',
  'subnet-12345678',
  'sg-12345678',
  '/metrics',
  '0.1.2',
  '$.a',
  'mig-1g.5gb',
  'arn:aws:sagemaker:eu-west-1:111122223333:training-plan/p',
  'arn:aws:lambda:eu-west-1:111122223333:layer:l:1',
  '12345678-1234-1234-1234-123456789012',
  'https://example.com/a',
  `sha256:${'a'.repeat(64)}`,
  'a'.repeat(36),
];

/** A value that AWS's model accepts, with the required members and, where given, the member at the path. */
const sample = (tables: Tables, name: string, path: readonly string[] = [], base?: unknown): unknown => {
  const shape = shapeOf(tables, name);
  switch (shape.type) {
    case 'structure':
      return structure(tables, shape, path, base);
    case 'list': {
      const given = Array.isArray(base) && base.length > 0 ? base : [];
      const first = sample(tables, shape.member ?? '', path, given[0]);
      return [first, ...given.slice(1)];
    }
    case 'map': {
      const key = typeof base === 'object' && base !== null ? Object.keys(base)[0] : undefined;
      return { [key ?? String(sample(tables, shape.key ?? ''))]: sample(tables, shape.value ?? '', path) };
    }
    case 'string': {
      if (typeof base === 'string') return base;
      const { min = 0, max = Number.POSITIVE_INFINITY, pattern } = shape;
      return (
        shape.enum?.[0] ??
        texts.find(
          (text) =>
            text.length >= min && text.length <= max && (pattern === undefined || patternOf(pattern).test(text)),
        ) ??
        'a'.repeat(Math.max(min, 1))
      );
    }
    case 'boolean':
      return base ?? true;
    case 'timestamp':
      return base ?? 1_700_000_000;
    case 'blob':
      return base ?? 'MQ==';
    default:
      return base ?? Math.max(shape.min ?? 1, 1);
  }
};

const structure = (tables: Tables, shape: Shape, [step, ...rest]: readonly string[], base: unknown): object => {
  const given: Readonly<Record<string, unknown>> = { ...(base as object) };
  const built: Record<string, unknown> = { ...given };
  for (const member of shape.required ?? []) built[member] ??= sample(tables, shape.members?.[member] ?? '');
  const type = step === undefined ? undefined : shape.members?.[step];
  if (step !== undefined && type !== undefined) built[step] = sample(tables, type, rest, given[step]);
  return built;
};

/** Of an operation, one input per member of AWS's model: the base with this member. */
export const inputsByMember = (
  tables: Tables,
  operation: string,
  base: object,
  isHonoured: (path: string) => boolean,
): readonly { readonly member: string; readonly input: object }[] =>
  membersOf(tables, operation, isHonoured).map((member) => ({
    member,
    input: sample(tables, tables.operations[operation]?.input ?? '', member.split('.'), base) as object,
  }));
