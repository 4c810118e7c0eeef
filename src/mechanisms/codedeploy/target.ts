import { percent } from '../../judge/amounts.ts';
import type { AliasDeployment, CodeDeployment, Release } from '../../release/record.ts';
import type { World } from '../../world.ts';
import { aliasOfRelease, lookAtAlias, nameOfAlias } from './alias.ts';
import { lookAtService, nameOfService, serviceOfRelease } from './service.ts';

/** The production traffic of an alias or a service. */
export interface TargetLook {
  readonly version: string;
  /** Another version: `weight` is its part of the requests; absent where only the load balancer knows it. */
  readonly other?: { readonly version: string; readonly weight?: number };
  /** By version, as the metrics name them: where a load balancer leads to it. */
  readonly targetGroups?: Readonly<Record<string, string>>;
  /** What is not settled yet, one phrase each; absent where nothing has to settle. */
  readonly unsettled?: readonly string[];
}

/** The thing whose traffic a deployment moves. */
export interface Target {
  readonly platform: Platform;
  /** `churn:live` */
  readonly name: string;
  /** Of its versions. */
  readonly noun: 'version' | 'revision';
  /** @returns undefined where it does not exist */
  look(world: World): Promise<TargetLook | undefined>;
}

/** CodeDeploy: ComputePlatform. */
export type Platform = 'Lambda' | 'ECS';

export const targetOf = (submission: CodeDeployment): Target => {
  if (submission.kind === 'deployment') {
    const alias = aliasOfRelease(submission);
    return {
      platform: 'Lambda',
      noun: 'version',
      name: nameOfAlias(alias),
      look: (world) => lookAtAlias(world, alias),
    };
  }
  const service = serviceOfRelease(submission);
  return {
    platform: 'ECS',
    noun: 'revision',
    name: nameOfService(service),
    look: (world) => lookAtService(world, service),
  };
};

/** `version 7`, or `version 6, and 10 % on version 7`. */
export const shown = ({ version, other }: TargetLook, noun: Target['noun']): string => {
  if (other === undefined) return `${noun} ${version}`;
  return other.weight === undefined
    ? `${noun} ${version}, with ${noun} ${other.version} beside it`
    : `${noun} ${version}, and ${percent(other.weight)} on ${noun} ${other.version}`;
};

/** The release's submission; the table of mechanisms leads here only with this one. */
export const submissionOf = ({ id, submission }: Pick<Release, 'id' | 'submission'>): CodeDeployment => {
  if (submission.mechanism === 'codedeploy') return submission;
  throw new Error(`release ${id} is not carried by CodeDeploy`);
};

/** The same, where the alias of a function is known to serve. */
export const aliasDeploymentOf = (release: Pick<Release, 'id' | 'submission'>): AliasDeployment => {
  const submission = submissionOf(release);
  if (submission.kind === 'deployment') return submission;
  throw new Error(`release ${release.id} is not about an alias`);
};
