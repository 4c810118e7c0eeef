import { AwsError } from './contracts.ts';

/**
 * The refusal of something that AWS has and the simulator has not. No code of AWS, so that nobody takes it for AWS's answer, and
 * a status that clients do not try again (RFC 9110 §15.6.2; the SDKs repeat 500, 502, 503 and 504).
 * @param what `sagemaker CreateHub`, `s3 PutObject, header x-amz-acl`
 */
export const notSimulated = (what: string): AwsError => new AwsError('NotSimulated', `not simulated: ${what}`, 501);
