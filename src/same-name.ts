/**
 * Whether two names are those of one SageMaker resource. SageMaker ignores case when it compares names (AWS: CreateEndpoint; of groups
 * [unconfirmed]), and may show a name in lower case within an ARN.
 */
export const isSameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
