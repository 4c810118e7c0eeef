/**
 * The ARN that a policy names for a caller: a role, not its session. A role's path is not part of the session's ARN, so it is lost
 * (IAM user guide, "AssumeRole session principals").
 */
export const roleOfSession = (arn: string): string =>
  arn.replace(/^arn:([a-z-]+):sts::(\d{12}):assumed-role\/([^/]+)\/.*$/, 'arn:$1:iam::$2:role/$3');
