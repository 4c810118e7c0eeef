import { digest } from '../digest.ts';
import { oneLine, shortened } from '../plain-text.ts';
import { describeVersion } from '../registry/packages.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { fromRegistry, inRegistry } from '../registry/registry.ts';
import { type World, writesOf } from '../world.ts';
import { type Decided, statusOf } from './decision.ts';

/** AWS: UpdateModelPackage, ApprovalDescription. */
const longestDescription = 1024;

/** The state of a version that a decision is about: any write to its package changes it. */
export const stateOf = ({ arn, approval, lastModified, contentDigestNow }: RegisteredVersion): string =>
  digest([arn, approval, lastModified?.at ?? 0, contentDigestNow]);

/**
 * Writes a decision to the registry, if the version is still in the state of the decision. SageMaker has no conditional
 * update: a change between this look and the write is not noticed before the answer is read back.
 * @returns the version as the registry has it now; undefined when it was deleted
 */
export const writeDecision = async (
  world: World,
  model: string,
  registered: RegisteredVersion,
  decision: Decided,
): Promise<{ readonly written: boolean; readonly now: RegisteredVersion | undefined }> => {
  // Others decide, too: neither the look before the write nor the one after it may be an answer from before.
  world.lookAgain?.();
  const before = await describeVersion(world, model, registered);
  if (before === undefined || stateOf(before) !== stateOf(registered)) return { written: false, now: before };
  await fromRegistry(
    world,
    model,
    writesOf(inRegistry(world)).sagemaker.updateModelPackage({
      ModelPackageArn: registered.arn,
      ModelApprovalStatus: statusOf[decision.is],
      ApprovalDescription: descriptionOf(decision),
    }),
  );
  return { written: true, now: await describeVersion(world, model, registered) };
};

/** `alice, bob: recall holds; https://github.com/…`: one line, the link is never cut. */
export const descriptionOf = ({ by, because, link }: Decided): string => {
  const end = link === undefined ? '' : `; ${oneLine(link)}`;
  const text = `${by.length > 0 ? `${by.join(', ')}: ` : ''}${because}`;
  return `${shortened(oneLine(text), longestDescription - end.length)}${end}`;
};
