import { AwsError, type Call, type Handler, type Instant, type Kernel, type Service } from '../contracts.ts';
import { documentOf, judged } from '../iam/document.ts';
import { parsePolicy } from '../iam/policy.ts';
import { notSimulated } from '../not-simulated.ts';
import type { Principals, Role } from '../principals.ts';
import { createPolicies, limitExceeded, noSuchEntity } from './iam-policies.ts';
import type { Providers } from './iam-providers.ts';

interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** What a caller of IAM has made of a role, apart from its permissions. */
interface Made {
  readonly createdAt: Instant;
  readonly path: string;
  readonly description?: string;
  readonly maxSessionSeconds: number;
  readonly tags: readonly Tag[];
  trust: object;
  /** By name, as given. */
  readonly inline: Map<string, string>;
  /** By ARN. */
  readonly attached: Map<string, object>;
}

interface Named {
  readonly RoleName: string;
}

/**
 * Roles of IAM, their policies, and identity providers. A role that is made here has the trust policy given and no permission until it has a policy. One that the simulation began
 * with may do everything, and be assumed by every identity, until a policy of its own says otherwise.
 */
export const createIam = (kernel: Kernel, principals: Principals, providers: Providers): Service => {
  /** By ARN. */
  const known = new Map<string, Made>();
  const policies = createPolicies(
    kernel,
    (arn) => [...known.values()].filter(({ attached }) => attached.has(arn)).length,
  );

  const rolesOf = ({ principal }: Call): readonly Role[] =>
    principals.roles(principal.accountId).toSorted((one, other) => (one.name < other.name ? -1 : 1));

  const find = (name: string, call: Call): Role => {
    // Names differ in more than case (IAM user guide, "IAM and AWS STS quotas": unique within an account, case-insensitively).
    const found = rolesOf(call).find((role) => role.name.toLowerCase() === name.toLowerCase());
    if (found === undefined) throw noSuchEntity(`The role with name ${name} cannot be found.`);
    return found;
  };

  const madeOf = (role: Role): Made => {
    const made = known.get(role.arn) ?? {
      createdAt: startedAt,
      path: pathOf(role),
      maxSessionSeconds: kernel.settings.roleMaxSessionMs / 1000,
      tags: [],
      trust: principals.trustOf(role) ?? anyIdentity,
      inline: new Map<string, string>(),
      attached: new Map<string, object>(),
    };
    known.set(role.arn, made);
    return made;
  };
  const startedAt = kernel.clock.now();

  const apply = (role: Role, { inline, attached }: Made): void =>
    principals.permitOnly(role, [
      ...[...inline.values()].map((text) => JSON.parse(text) as unknown),
      ...attached.values(),
    ]);

  const shown = (role: Role, withTags: boolean): Readonly<Record<string, unknown>> => {
    const { createdAt, path, description, maxSessionSeconds, tags, trust } = madeOf(role);
    return {
      Path: path,
      RoleName: role.name,
      RoleId: role.roleId,
      Arn: role.arn,
      CreateDate: new Date(createdAt),
      AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(trust)),
      MaxSessionDuration: maxSessionSeconds,
      ...(description === undefined ? {} : { Description: description }),
      ...(withTags && tags.length > 0 ? { Tags: tags } : {}),
    };
  };

  const operations: Readonly<Record<string, Handler>> = {
    CreateRole: (
      input: Named & {
        readonly AssumeRolePolicyDocument: string;
        readonly Path?: string;
        readonly Description?: string;
        readonly MaxSessionDuration?: number;
        readonly PermissionsBoundary?: string;
        readonly Tags?: readonly Tag[];
      },
      call,
    ) => {
      const { RoleName: name, Path: path = '/', Description: description, MaxSessionDuration = 3600 } = input;
      if (input.PermissionsBoundary !== undefined) throw notSimulated('PermissionsBoundary');
      if (rolesOf(call).some((role) => role.name.toLowerCase() === name.toLowerCase()))
        throw new AwsError('EntityAlreadyExists', `Role with name ${name} already exists.`, 409);
      const trust = documentOf(input.AssumeRolePolicyDocument);
      const arn = `arn:aws:iam::${call.principal.accountId}:role${path}${name}`;
      const role = judged(() => principals.create(arn, trust, MaxSessionDuration * 1000));
      known.set(arn, {
        createdAt: kernel.clock.now(),
        path,
        ...(description === undefined ? {} : { description }),
        maxSessionSeconds: MaxSessionDuration,
        tags: input.Tags ?? [],
        trust,
        inline: new Map(),
        attached: new Map(),
      });
      // As localstack/localstack recorded it (tests/aws/services/sts): the answer to the creation does not say how long sessions last.
      const { MaxSessionDuration: _unsaid, ...made } = shown(role, true);
      return { Role: made };
    },
    GetRole: ({ RoleName }: Named, call) => ({ Role: shown(find(RoleName, call), true) }),
    ListRoles: (input: Page & { readonly PathPrefix?: string }, call) => {
      const { PathPrefix = '/' } = input;
      const { items, ...page } = pageOf(
        rolesOf(call).filter((role) => madeOf(role).path.startsWith(PathPrefix)),
        input,
      );
      return { Roles: items.map((role) => shown(role, false)), ...page };
    },
    UpdateAssumeRolePolicy: ({ RoleName, PolicyDocument }: Named & { readonly PolicyDocument: string }, call) => {
      const role = find(RoleName, call);
      const trust = documentOf(PolicyDocument);
      const made = madeOf(role);
      judged(() => principals.trust(role.arn, trust));
      made.trust = trust;
      return {};
    },
    DeleteRole: ({ RoleName }: Named, call) => {
      const role = find(RoleName, call);
      const { inline, attached } = madeOf(role);
      if (attached.size > 0) throw conflict('Cannot delete entity, must detach all policies first.');
      if (inline.size > 0) throw conflict('Cannot delete entity, must delete policies first.');
      principals.remove(role);
      known.delete(role.arn);
      return {};
    },
    PutRolePolicy: (
      {
        RoleName,
        PolicyName,
        PolicyDocument,
      }: Named & { readonly PolicyName: string; readonly PolicyDocument: string },
      call,
    ) => {
      const role = find(RoleName, call);
      const document = documentOf(PolicyDocument);
      judged(() => parsePolicy(document));
      const made = madeOf(role);
      made.inline.set(PolicyName, PolicyDocument);
      apply(role, made);
      return {};
    },
    GetRolePolicy: ({ RoleName, PolicyName }: Named & { readonly PolicyName: string }, call) => {
      const text = inlineOf(find(RoleName, call), PolicyName);
      return { RoleName, PolicyName, PolicyDocument: encodeURIComponent(text) };
    },
    ListRolePolicies: (input: Named & Page, call) => {
      const { items, ...page } = pageOf([...madeOf(find(input.RoleName, call)).inline.keys()].toSorted(), input);
      return { PolicyNames: items, ...page };
    },
    DeleteRolePolicy: ({ RoleName, PolicyName }: Named & { readonly PolicyName: string }, call) => {
      const role = find(RoleName, call);
      inlineOf(role, PolicyName);
      const made = madeOf(role);
      made.inline.delete(PolicyName);
      apply(role, made);
      return {};
    },
    AttachRolePolicy: ({ RoleName, PolicyArn }: Named & { readonly PolicyArn: string }, call) => {
      const role = find(RoleName, call);
      const document = policies.documentOf(PolicyArn);
      const made = madeOf(role);
      // IAM user guide, "IAM and AWS STS quotas".
      if (!made.attached.has(PolicyArn) && made.attached.size >= mostAttached)
        throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${mostAttached}`);
      judged(() => parsePolicy(document));
      made.attached.set(PolicyArn, document);
      apply(role, made);
      return {};
    },
    ListAttachedRolePolicies: (input: Named & Page & { readonly PathPrefix?: string }, call) => {
      const { PathPrefix = '/' } = input;
      const attached = [...madeOf(find(input.RoleName, call)).attached.keys()].filter((arn) =>
        arn.replace(/^.*:policy/, '').startsWith(PathPrefix),
      );
      const { items, ...page } = pageOf(attached, input);
      return { AttachedPolicies: items.map((PolicyArn) => ({ PolicyName: lastOf(PolicyArn), PolicyArn })), ...page };
    },
    DetachRolePolicy: ({ RoleName, PolicyArn }: Named & { readonly PolicyArn: string }, call) => {
      const role = find(RoleName, call);
      const made = madeOf(role);
      if (!made.attached.delete(PolicyArn)) throw noSuchEntity(`Policy ${PolicyArn} was not found.`);
      apply(role, made);
      return {};
    },
  };

  const inlineOf = (role: Role, policy: string): string => {
    const text = madeOf(role).inline.get(policy);
    if (text === undefined) throw noSuchEntity(`The role policy with name ${policy} cannot be found.`);
    return text;
  };

  return { operations: { ...operations, ...policies.operations, ...providers.operations } };
};

/** The trust policy of a role that the simulation began with, as long as nobody gives it another one. */
const anyIdentity: object = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: ['sts:AssumeRole', 'sts:AssumeRoleWithWebIdentity'] }],
};

const lastOf = (arn: string): string => arn.split('/').at(-1) ?? arn;
const pathOf = ({ arn, name }: Role): string => arn.replace(/^.*:role/, '').slice(0, -name.length);

const mostAttached = 10;

interface Page {
  readonly Marker?: string;
  readonly MaxItems?: number;
}

/** Markers are opaque at AWS. */
const pageOf = <Item>(all: readonly Item[], { Marker, MaxItems = 100 }: Page) => {
  const from = Marker === undefined ? 0 : Number(Marker);
  if (!Number.isSafeInteger(from) || from < 0) throw new AwsError('InvalidInput', `Invalid Marker: ${Marker}`);
  const items = all.slice(from, from + MaxItems);
  const next = from + items.length;
  return { items, ...(next < all.length ? { IsTruncated: true, Marker: String(next) } : { IsTruncated: false }) };
};

const conflict = (message: string): AwsError => new AwsError('DeleteConflict', message, 409);
