import { AwsError, type Handler, type Instant, type Kernel } from '../contracts.ts';
import { documentOf, judged } from '../iam/document.ts';
import { managedPolicies } from '../iam/managed-policies.ts';
import { parsePolicy } from '../iam/policy.ts';
import { notSimulated } from '../not-simulated.ts';
import { base32Of } from '../random.ts';

interface ManagedPolicy {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  readonly description?: string;
  readonly tags: readonly object[];
  readonly createdAt: Instant;
}

interface Named {
  readonly PolicyArn: string;
}

export interface Policies {
  readonly operations: Readonly<Record<string, Handler>>;
  /** The document of a policy of AWS's or of the account's own. @throws AwsError `NoSuchEntity`, `NotSimulated` */
  documentOf(arn: string): object;
}

/** Customer managed policies, each in its first version: `CreatePolicyVersion` is not served. */
export const createPolicies = (kernel: Kernel, attachments: (arn: string) => number): Policies => {
  const known = new Map<string, ManagedPolicy>();
  const find = (arn: string): ManagedPolicy => {
    const found = known.get(arn);
    if (found !== undefined) return found;
    if (arn.startsWith('arn:aws:iam::aws:')) throw notSimulated(`the document of the managed policy ${arn}`);
    throw noSuchEntity(`Policy ${arn} was not found.`);
  };
  const shown = (arn: string, { name, path, description, tags, createdAt }: ManagedPolicy) => ({
    PolicyName: name,
    PolicyId: `ANPA${base32Of(17, 'policy', arn, createdAt)}`,
    Arn: arn,
    Path: path,
    DefaultVersionId: firstVersion,
    AttachmentCount: attachments(arn),
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    CreateDate: new Date(createdAt),
    UpdateDate: new Date(createdAt),
    ...(description === undefined ? {} : { Description: description }),
    ...(tags.length === 0 ? {} : { Tags: tags }),
  });

  const operations: Readonly<Record<string, Handler>> = {
    CreatePolicy: (
      input: {
        readonly PolicyName: string;
        readonly PolicyDocument: string;
        readonly Path?: string;
        readonly Description?: string;
        readonly Tags?: readonly object[];
      },
      { principal: { accountId } },
    ) => {
      const { PolicyName: name, Path: path = '/', PolicyDocument: text, Description: description, Tags = [] } = input;
      const arn = `arn:aws:iam::${accountId}:policy${path}${name}`;
      const isTaken = [...known].some(
        ([one, { name: its }]) => one.split(':')[4] === accountId && its.toLowerCase() === name.toLowerCase(),
      );
      if (isTaken)
        throw new AwsError(
          'EntityAlreadyExists',
          `A policy called ${name} already exists. Duplicate names are not allowed.`,
          409,
        );
      const document = documentOf(text);
      judged(() => parsePolicy(document));
      // IAM user guide, "IAM and AWS STS quotas": IAM does not count white space.
      if (text.replace(/\s/g, '').length > largestPolicy)
        throw limitExceeded(`Cannot exceed quota for PolicySize: ${largestPolicy}`);
      const made: ManagedPolicy = {
        ...{ name, path, text, tags: Tags, createdAt: kernel.clock.now() },
        ...(description === undefined ? {} : { description }),
      };
      known.set(arn, made);
      // IAM API reference, Policy: the description is in the answer of GetPolicy alone.
      const { Description: _unsaid, ...answered } = shown(arn, made);
      return { Policy: answered };
    },
    GetPolicy: ({ PolicyArn }: Named) => ({ Policy: shown(PolicyArn, find(PolicyArn)) }),
    GetPolicyVersion: ({ PolicyArn, VersionId }: Named & { readonly VersionId: string }) => {
      const { text, createdAt } = find(PolicyArn);
      if (VersionId !== firstVersion)
        throw noSuchEntity(`Policy ${PolicyArn} version ${VersionId} does not exist or is not attachable.`);
      return {
        PolicyVersion: {
          Document: encodeURIComponent(text),
          VersionId,
          IsDefaultVersion: true,
          CreateDate: new Date(createdAt),
        },
      };
    },
    DeletePolicy: ({ PolicyArn }: Named) => {
      find(PolicyArn);
      if (attachments(PolicyArn) > 0)
        throw new AwsError('DeleteConflict', 'Cannot delete a policy attached to entities.', 409);
      known.delete(PolicyArn);
      return {};
    },
  };

  return {
    operations,
    documentOf: (arn) => {
      const own = known.get(arn);
      if (own !== undefined) return documentOf(own.text);
      const name = /^arn:aws:iam::aws:policy\/(.+)$/.exec(arn)?.[1];
      if (name === undefined) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
      const document = Object.hasOwn(managedPolicies, name) ? managedPolicies[name] : undefined;
      if (document === undefined)
        throw notSimulated(
          `the managed policy ${name}; there are ${Object.keys(managedPolicies).join(', ')}, and CreatePolicy takes a policy of your own`,
        );
      return document;
    },
  };
};

const firstVersion = 'v1';
const largestPolicy = 6144;

export const noSuchEntity = (message: string): AwsError => new AwsError('NoSuchEntity', message, 404);
export const limitExceeded = (message: string): AwsError => new AwsError('LimitExceeded', message, 409);
