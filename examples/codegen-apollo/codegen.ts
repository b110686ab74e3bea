import type { CodegenConfig } from '@graphql-codegen/cli';
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset';

const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: ['src/*.ts'],
  generates: {
    'src/gql/': {
      preset: 'client',
      documentTransforms: [addTypenameSelectionDocumentTransform],
      presetConfig: { fragmentMasking: false, persistedDocuments: { hashAlgorithm: 'sha256' } },
      config: {
        scalars: {
          BigInt: 'number',
          Date: 'string',
          DateTime: 'string',
          Duration: 'string',
          JSON: 'object',
          Time: 'string',
          TimeZone: 'string',
          UUID: 'string',
        },
        strictScalars: true,
        enumsAsTypes: true,
        useTypeImports: true,
      },
    },
    'src/gql/possible-types.ts': { plugins: ['fragment-matcher'] },
  },
};

export default config;
