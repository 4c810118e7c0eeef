import { isDeepStrictEqual } from 'node:util';
import type { Call, Handler, Instant } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import type { ContainerDefinition } from './container-definition.ts';
import { type Context, epochSeconds, nameOf, present, sagemakerArn } from './context.ts';
import { type PackageCard, refuseCard } from './model-card.ts';
import type { ModelPackageGroups } from './model-package-groups.ts';
import { type ListRequest, list } from './pages.ts';
import { conflict, invalid, noSuchPackage } from './refusals.ts';
import { strangerIn } from './registry-face.ts';
import type { Tag } from './tags.ts';

export type ApprovalStatus = 'Approved' | 'Rejected' | 'PendingManualApproval';

/** The members that can change after creation (reference/sagemaker.md §1.5); metrics, metadata and description cannot. */
interface Mutable {
  readonly ModelApprovalStatus: ApprovalStatus;
  readonly ApprovalDescription?: string;
  readonly CustomerMetadataProperties?: Readonly<Record<string, string>>;
  readonly ModelLifeCycle?: object;
  readonly ModelPackageRegistrationType?: string;
  readonly SourceUri?: string;
  readonly ModelCard?: PackageCard;
  readonly InferenceSpecification?: InferenceSpecification;
}
interface InferenceSpecification {
  readonly Containers: readonly (ContainerDefinition & {
    readonly ImageDigest?: string;
    readonly ProductId?: string;
  })[];
}
interface CreateInput extends Partial<Mutable> {
  readonly ModelPackageGroupName?: string;
  readonly ModelPackageName?: string;
  readonly ModelPackageDescription?: string;
  readonly Tags?: readonly Tag[];
  readonly ClientToken?: string;
  readonly MetadataProperties?: object;
}
interface UpdateInput extends Partial<Mutable> {
  readonly ModelPackageArn: string;
  readonly CustomerMetadataPropertiesToRemove?: readonly string[];
}
interface ListInput extends ListRequest {
  readonly ModelPackageGroupName?: string;
  readonly ModelApprovalStatus?: ApprovalStatus;
  readonly ModelPackageType?: 'Versioned' | 'Unversioned' | 'Both';
}

export interface ModelPackage {
  readonly arn: string;
  readonly group: string;
  readonly version: number;
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly created: CreateInput;
  state: Mutable;
  modified?: { readonly at: Instant; readonly by: string };
}

const identity = (arn: string): object => ({ IamIdentity: { Arn: arn } });

/** Versioned packages only: the suite registers no others. */
export const createModelPackages = (context: Context, groups: ModelPackageGroups) => {
  const { kernel } = context;
  const packages = new Map<string, ModelPackage>();
  const latest = new Map<string, number>();
  const tokens = new Map<string, { readonly input: CreateInput; readonly arn: string }>();

  const find = (versionedArnOrName: string): ModelPackage => {
    const name = nameOf(versionedArnOrName);
    const found = packages.get(name);
    // A call that no policy opens to other accounts knows only the packages of its own.
    if (strangerIn(kernel, versionedArnOrName) !== undefined) throw noSuchPackage(versionedArnOrName);
    if (!found) throw noSuchPackage(sagemakerArn(context, `model-package/${name}`));
    return found;
  };

  /** The service fills in the digest of every image it can resolve (AWS: model package state change event sample). */
  const withDigests = (specification: InferenceSpecification): InferenceSpecification => ({
    ...specification,
    Containers: specification.Containers.map((container) => {
      const digest =
        container.ImageDigest ?? (container.Image === undefined ? undefined : context.images.resolve(container.Image));
      return digest === undefined ? container : { ...container, ImageDigest: digest };
    }),
  });

  const refuse = (input: CreateInput): void => {
    if (input.ModelPackageName !== undefined && input.ModelPackageGroupName !== undefined)
      throw invalid('Both ModelPackageName and ModelPackageGroupName cannot be given.');
    if (input.ModelPackageGroupName === undefined)
      throw notSimulated('model packages without ModelPackageGroupName, which are unversioned');
    refuseCard(input.ModelCard);
    // A version uses the tags of its group (AWS: CreateModelPackage, Tags).
    if (input.Tags !== undefined && input.Tags.length > 0)
      throw invalid('Tags cannot be given for a versioned model package: it uses the tags of its model package group.');
  };

  const create = (input: CreateInput, group: string, principal: string): ModelPackage => {
    // One counter per group, never reused (§1.4; reuse after deletion is [unconfirmed]).
    const version = (latest.get(group) ?? 0) + 1;
    latest.set(group, version);
    const created: ModelPackage = {
      arn: sagemakerArn(context, `model-package/${group}/${version}`),
      group,
      version,
      createdAt: kernel.clock.now(),
      createdBy: principal,
      created: input,
      state: present({
        ModelApprovalStatus: input.ModelApprovalStatus ?? kernel.settings.defaultApprovalStatus,
        ApprovalDescription: input.ApprovalDescription,
        CustomerMetadataProperties: input.CustomerMetadataProperties,
        ModelLifeCycle: input.ModelLifeCycle,
        ModelPackageRegistrationType: input.ModelPackageRegistrationType,
        SourceUri: input.SourceUri,
        ModelCard: input.ModelCard,
        InferenceSpecification: input.InferenceSpecification && withDigests(input.InferenceSpecification),
      }),
    };
    packages.set(`${group}/${version}`, created);
    kernel.note({
      source: 'registry',
      object: group,
      what: 'package-created',
      detail: `${group}/${version} ${created.state.ModelApprovalStatus}`,
    });
    return created;
  };

  const summary = (item: ModelPackage) =>
    present({
      ModelPackageArn: item.arn,
      ModelPackageGroupName: item.group,
      ModelPackageVersion: item.version,
      ModelPackageDescription: item.created.ModelPackageDescription,
      CreationTime: epochSeconds(item.createdAt),
      ModelPackageStatus: 'Completed',
      ModelApprovalStatus: item.state.ModelApprovalStatus,
      ModelLifeCycle: item.state.ModelLifeCycle,
      ModelPackageRegistrationType: item.state.ModelPackageRegistrationType,
    });

  const operations = {
    CreateModelPackage: (input: CreateInput, call: Call) => {
      refuse(input);
      const group = groups.find(input.ModelPackageGroupName ?? '').name;
      const { ClientToken, ...body } = input;
      const before = ClientToken === undefined ? undefined : tokens.get(ClientToken);
      if (before && kernel.settings.packageTokens === 'remembered') {
        if (!isDeepStrictEqual(before.input, body))
          throw conflict('The client token was used with different parameters.');
        return { ModelPackageArn: before.arn };
      }
      const { arn } = create(body, group, call.principal.arn);
      if (ClientToken !== undefined) tokens.set(ClientToken, { input: body, arn });
      return { ModelPackageArn: arn };
    },

    DescribeModelPackage: (input: { ModelPackageName: string }) => {
      const item = find(input.ModelPackageName);
      const { Tags: _tags, MetadataProperties, ...created } = item.created;
      const images = item.state.InferenceSpecification?.Containers ?? [];
      return present({
        ...created,
        ...item.state,
        ModelPackageName: item.group,
        ModelPackageGroupName: item.group,
        ModelPackageVersion: item.version,
        ModelPackageArn: item.arn,
        CreationTime: epochSeconds(item.createdAt),
        CreatedBy: identity(item.createdBy),
        LastModifiedTime: item.modified && epochSeconds(item.modified.at),
        LastModifiedBy: item.modified && identity(item.modified.by),
        MetadataProperties,
        ModelPackageStatus: 'Completed',
        ModelPackageStatusDetails: {
          ValidationStatuses: [],
          ImageScanStatuses: images.map((_, index) => ({ Name: `container-${index}`, Status: 'Completed' })),
        },
      });
    },

    /** Ascending by creation time by default; there is no sort by version (reference/sagemaker.md §1.4). */
    ListModelPackages: (input: ListInput) => {
      const group =
        input.ModelPackageGroupName === undefined ? undefined : groups.find(input.ModelPackageGroupName).name;
      // Without a group the documented default is Unversioned, of which there are none; with one the versions are listed (§1.4).
      const versioned = group !== undefined || (input.ModelPackageType ?? 'Unversioned') !== 'Unversioned';
      const listedUntil = kernel.clock.now() - kernel.settings.packageListedAfterMs;
      const found = [...packages.values()].filter(
        (item) =>
          versioned &&
          (group === undefined || item.group === group) &&
          item.createdAt <= listedUntil &&
          (input.ModelApprovalStatus === undefined || item.state.ModelApprovalStatus === input.ModelApprovalStatus),
      );
      const { items, next } = list(
        found.map((item) => ({ ...item, name: item.group })),
        input,
        { order: 'Ascending' },
      );
      return { ModelPackageSummaryList: items.map(summary), ...next };
    },

    /** No ETag and no condition: of two approvers the last one wins (reference/sagemaker.md §1.5). */
    UpdateModelPackage: (input: UpdateInput, call: Call) => {
      const item = find(input.ModelPackageArn);
      if (input.ModelCard !== undefined) refuseCard(input.ModelCard, item.state.ModelCard);
      const removed = new Set(input.CustomerMetadataPropertiesToRemove ?? []);
      const merged = { ...item.state.CustomerMetadataProperties, ...input.CustomerMetadataProperties };
      const properties = Object.fromEntries(Object.entries(merged).filter(([key]) => !removed.has(key)));
      item.state = present({
        ModelApprovalStatus: input.ModelApprovalStatus ?? item.state.ModelApprovalStatus,
        ApprovalDescription: input.ApprovalDescription ?? item.state.ApprovalDescription,
        CustomerMetadataProperties: Object.keys(properties).length > 0 ? properties : undefined,
        ModelLifeCycle: input.ModelLifeCycle ?? item.state.ModelLifeCycle,
        ModelPackageRegistrationType: input.ModelPackageRegistrationType ?? item.state.ModelPackageRegistrationType,
        SourceUri: input.SourceUri ?? item.state.SourceUri,
        ModelCard: input.ModelCard ?? item.state.ModelCard,
        InferenceSpecification: input.InferenceSpecification
          ? withDigests(input.InferenceSpecification)
          : item.state.InferenceSpecification,
      });
      item.modified = { at: kernel.clock.now(), by: call.principal.arn };
      if (input.ModelApprovalStatus !== undefined)
        kernel.note({
          source: 'registry',
          object: item.group,
          what: 'approval-changed',
          detail: `${item.group}/${item.version} ${input.ModelApprovalStatus}`,
        });
      return { ModelPackageArn: item.arn };
    },

    DeleteModelPackage: (input: { ModelPackageName: string }) => {
      const item = find(input.ModelPackageName);
      packages.delete(`${item.group}/${item.version}`);
      return {};
    },

    /** A group with versions stays; the code is AWS's, the words are ours (reference/sagemaker.md §1.2). */
    DeleteModelPackageGroup: (input: { ModelPackageGroupName: string }) => {
      const group = groups.find(input.ModelPackageGroupName);
      const left = [...packages.values()].filter((item) => item.group === group.name).length;
      if (left > 0) throw conflict(`ModelPackageGroup ${group.arn} still has ${left} model package(s).`);
      groups.remove(group);
      return {};
    },
  } satisfies Record<string, Handler>;

  return { operations, find };
};
export type ModelPackages = ReturnType<typeof createModelPackages>;
