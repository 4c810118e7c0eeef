/** What one metric of a SageMaker endpoint is about: all of it, one variant, or one fleet of a variant. */
export interface Measured {
  readonly endpoint: string;
  readonly variant?: string;
  readonly endpointConfig?: string;
}

/** CloudWatch's dimensions of it, in the order in which SageMaker documents them. */
export const dimensionsOf = ({ endpoint, variant, endpointConfig }: Measured) =>
  Object.entries({ EndpointName: endpoint, VariantName: variant, EndpointConfigName: endpointConfig }).flatMap(
    ([Name, Value]) => (Value === undefined ? [] : [{ Name, Value }]),
  );
