// The types of node/v1 as text; schema-text.ts tells the notation.
export const nodeV1 = `
RuntimeClass kind
  1 metadata? meta.ObjectMeta
  2 handler string required
  3 overhead? *Overhead
  4 scheduling? *Scheduling

Overhead
  1 podFixed? {}quantity

Scheduling
  1 nodeSelector? {atomic}string
  2 tolerations? []core.Toleration
`
