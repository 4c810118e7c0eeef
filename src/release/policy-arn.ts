/**
 * Whether this is the ARN of this scaling policy of this target (API reference: ScalingPolicy). Alarms that name it are changed, so an
 * ARN in a record must be one of the endpoint's own.
 */
export const isPolicyArn = (text: string, resourceId: string, name: string): boolean =>
  /^arn:[a-z-]+:autoscaling:[a-z0-9-]+:[0-9]{12}:scalingPolicy:[^:]+:/.test(text) &&
  text.endsWith(`:resource/sagemaker/${resourceId}:policyName/${name}`);
