/**
 * Exceptions of CloudWatch with their codes in the query protocol, where the two differ (AWS service model, `error.code`). The JSON and
 * CBOR protocols send the exception in the body, and the code in the header `x-amzn-query-error`.
 */
const codes: Readonly<Record<string, string>> = {
  InvalidFormatFault: 'InvalidFormat',
  InvalidParameterCombinationException: 'InvalidParameterCombination',
  InvalidParameterValueException: 'InvalidParameterValue',
  LimitExceededFault: 'LimitExceeded',
  MissingRequiredParameterException: 'MissingParameter',
  ValidationException: 'ValidationError',
};
const exceptions = new Map(Object.entries(codes).map(([exception, code]) => [code, exception]));

export const queryCodeOf = (exception: string): string => codes[exception] ?? exception;
export const exceptionOf = (code: string): string => exceptions.get(code) ?? code;
