// Table test of content negotiation.
import { negotiate } from './negotiate.ts'

describe('negotiate', () => {
  it.each([
    [undefined, { media: 'application/json' }],
    ['', { media: 'application/json' }],
    ['application/json, */*', { media: 'application/json' }],
    ['application/vnd.kubernetes.protobuf,application/json', { media: 'application/json' }],
    ['application/yaml', { media: 'application/yaml' }],
    ['application/yaml;q=0.2, application/json;q=0.4', { media: 'application/json' }],
    ['*/*, application/yaml', { media: 'application/yaml' }],
    ['*/*, application/yaml;q=0.1', { media: 'application/yaml' }],
    ['application/*;q=0.9, application/yaml;q=0.5', { media: 'application/yaml' }],
    ['application/yaml;q=0.5, application/json;q=0.5', { media: 'application/yaml' }],
    ['application/yaml;q=0', { media: 'application/yaml' }],
    ['application/yaml;q=x, application/json;q=0.1', { media: 'application/json' }],
    [`application/yaml;q=0.1, ${'text/html, '.repeat(20_000)}application/json`, { media: 'application/json' }],
    ['text/html,*/*;q=0.8', { media: 'application/json' }],
    ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', { media: 'application/json', as: 'Table', version: 'v1' }],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io', { media: 'application/json', as: 'Table', version: 'v1beta1' }],
    ['application/json;as=Table;v=v9;g=meta.k8s.io,application/json', { media: 'application/json' }],
    ['application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json', { media: 'application/json', as: 'PartialObjectMetadata', version: 'v1' }],
  ])('%s', (accept, form) => {
    expect(negotiate(accept)).toEqual(form)
  })

  it.each(['text/html', 'application/json;stream=other', 'application/yaml;stream=watch', 'application/json;as=Pie;v=v1;g=meta.k8s.io'])('%s is refused', (accept) => {
    expect(() => negotiate(accept)).toThrow('only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf')
  })
})
