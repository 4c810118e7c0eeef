import type { SendSigned } from './signed.ts';

/** Members of Lambda's answers, as far as they are read (API reference 2015-03-31). */
export interface AliasConfiguration {
  readonly FunctionVersion?: string;
  readonly RoutingConfig?: { readonly AdditionalVersionWeights?: Readonly<Record<string, number>> };
}

export interface FunctionOutput {
  readonly Configuration?: {
    readonly Version?: string;
    readonly PackageType?: string;
    readonly State?: string;
    readonly Environment?: {
      readonly Variables?: Readonly<Record<string, string>>;
      /** In place of the variables when they cannot be decrypted. */
      readonly Error?: { readonly ErrorCode?: string };
    };
    readonly [setting: string]: unknown;
  };
  readonly Code?: { readonly ResolvedImageUri?: string };
}

/** Lambda, one method per call. The suite only reads: CodeDeploy moves the alias. */
export const lambda = (send: SendSigned) => ({
  reads: {
    getAlias: ({ FunctionName, Name }: { readonly FunctionName: string; readonly Name: string }) =>
      send('GetAlias', {
        method: 'GET',
        path: `/2015-03-31/functions/${encodeURIComponent(FunctionName)}/aliases/${encodeURIComponent(Name)}`,
      }) as Promise<AliasConfiguration>,
    getFunction: ({ FunctionName, Qualifier }: { readonly FunctionName: string; readonly Qualifier: string }) =>
      send('GetFunction', {
        method: 'GET',
        path: `/2015-03-31/functions/${encodeURIComponent(FunctionName)}`,
        query: { Qualifier },
      }) as Promise<FunctionOutput>,
  },
});
export type Lambda = ReturnType<typeof lambda>;
