/** A tool whose next run may change the endpoint. */
export interface Owner {
  readonly tool: 'CloudFormation' | 'CDK' | 'Terraform';
  /** The stack, or the tag that shows it. */
  readonly by: string;
}

const stack = 'aws:cloudformation:stack-name';
const logicalId = 'aws:cloudformation:logical-id';

/** CDK ends each logical id with eight digits of a hash (AWS: CDK developer guide, "Identifiers and the AWS CDK"). */
const hashed = /[0-9A-F]{8}$/;

/**
 * The tools that own an endpoint, as far as its tags show it. CloudFormation tags all that a stack makes; Terraform leaves no mark of its
 * own, and only teams' default tags show it.
 */
export const ownersOf = (tags: ReadonlyMap<string, string>): readonly Owner[] => {
  const name = tags.get(stack);
  const byCdk = [...tags.keys()].some((key) => /^(aws-)?cdk[:-]/i.test(key)) || hashed.test(tags.get(logicalId) ?? '');
  const terraform = [...tags].find(
    ([key, value]) =>
      !key.startsWith('aws:') &&
      (/terraform|opentofu/i.test(value) || (/^(terraform|opentofu)/i.test(key) && !/^(false|no|0|)$/i.test(value))),
  );
  return [
    ...(name === undefined
      ? []
      : [{ tool: byCdk ? ('CDK' as const) : ('CloudFormation' as const), by: `stack ${name}` }]),
    ...(terraform === undefined ? [] : [{ tool: 'Terraform' as const, by: `tag ${terraform[0]}=${terraform[1]}` }]),
  ];
};

/** The sentence about an owner, for the top of the manifest. */
export const ownerLine = ({ tool, by }: Owner): string =>
  ({
    CloudFormation: `Owner: CloudFormation (${by}). The stack's next update that changes the endpoint config's name moves the endpoint back: see docs/adopting.md.`,
    CDK: `Owner: CDK (${by}). The stack's next update that changes the endpoint config's name moves the endpoint back: see docs/adopting.md.`,
    Terraform: `Owner: Terraform (${by}). Its next apply moves the endpoint back to its own endpoint config, unless it ignores that change: see docs/adopting.md.`,
  })[tool];

/** Tags that the manifest may have: not those of AWS, of tools for their own records, and of this suite. */
export const isTeamTag = (key: string): boolean => !/^(aws|model-delivery):/i.test(key);
