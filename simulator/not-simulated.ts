import { AwsError } from './contracts.ts';

/**
 * The refusal of something that AWS has and the simulator has not. No code of AWS, so that nobody takes it for AWS's answer; and not
 * a status of 500 or more, which callers take for a passing trouble and send the request again.
 * @param what `sagemaker CreateHub`, `s3 PutObject, header x-amz-acl`
 */
export const notSimulated = (what: string): AwsError => new AwsError('NotSimulated', `not simulated: ${what}`);
