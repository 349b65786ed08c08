// The functions of CEL as Kubernetes 1.35 offers it to new expressions: their overloads with the types of arguments and results.
import type { Type } from './cel-type.ts'
import {
  anyType, boolType, bytesType, doubleType, durationType, dynType, intType, listOf, mapOf, nullType, opaqueType, optionalOf, paramType, stringType, structType, timestampType, typeOfType,
  typeType, uintType,
} from './cel-type.ts'

export interface Overload {
  readonly id: string
  /** Its first parameter stands before the dot. */
  readonly member: boolean
  readonly params: readonly Type[]
  readonly result: Type
  readonly generic: boolean
}

const comparable = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration']
const numeric: Readonly<Record<string, string>> = { int: 'int64', uint: 'uint64', double: 'double' }

function comparison(operator: string, word: string): string {
  const same = comparable.map((type) => `${word}_${numeric[type] ?? type}(${type}, ${type}): bool`)
  const mixed = Object.entries(numeric).flatMap(([a, shortA]) => Object.entries(numeric).filter(([b]) => b !== a).map(([b, shortB]) => `${word}_${shortA}_${shortB}(${a}, ${b}): bool`))
  return `${operator} ${[...same, ...mixed].join(' | ')}`
}

const timePart = (name: string, id: string, ofDuration = ''): string =>
  `${name} .timestamp_to_${id}(timestamp): int | .timestamp_to_${id}_with_tz(timestamp, string): int${ofDuration && ` | .duration_to_${ofDuration}(duration): int`}`

const ofLists = (name: string, types: readonly string[], id: (type: string) => string, result: (type: string) => string, more = ''): string =>
  `${name} ${types.map((type) => `.${id(type)}(list<${type}>${more && `, list<${type}>`}): ${result(type)}`).join(' | ')}`

const sortable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes']
/** cel-go names the overloads of its own library by the full names of types. */
const fullName = (type: string): string => (type === 'duration' ? durationType.name : type === 'timestamp' ? timestampType.name : type)

/** One function a line. Before a name a dot tells of a member; single capitals are type parameters. */
const standard = [
  '_?_:_ conditional(bool, A, A): A',
  '_&&_ logical_and(bool, bool): bool',
  '_||_ logical_or(bool, bool): bool',
  '!_ logical_not(bool): bool',
  '@not_strictly_false not_strictly_false(bool): bool',
  '_==_ equals(A, A): bool',
  '_!=_ not_equals(A, A): bool',
  '_+_ add_bytes(bytes, bytes): bytes | add_double(double, double): double | add_duration_duration(duration, duration): duration | add_duration_timestamp(duration, timestamp): timestamp'
  + ' | add_timestamp_duration(timestamp, duration): timestamp | add_int64(int, int): int | add_list(list<A>, list<A>): list<A> | add_string(string, string): string | add_uint64(uint, uint): uint',
  '_/_ divide_double(double, double): double | divide_int64(int, int): int | divide_uint64(uint, uint): uint',
  '_%_ modulo_int64(int, int): int | modulo_uint64(uint, uint): uint',
  '_*_ multiply_double(double, double): double | multiply_int64(int, int): int | multiply_uint64(uint, uint): uint',
  '-_ negate_double(double): double | negate_int64(int): int',
  '_-_ subtract_double(double, double): double | subtract_duration_duration(duration, duration): duration | subtract_int64(int, int): int'
  + ' | subtract_timestamp_duration(timestamp, duration): timestamp | subtract_timestamp_timestamp(timestamp, timestamp): duration | subtract_uint64(uint, uint): uint',
  comparison('_<_', 'less'), comparison('_<=_', 'less_equals'), comparison('_>_', 'greater'), comparison('_>=_', 'greater_equals'),
  '_[_] index_list(list<A>, int): A | index_map(map<A, B>, A): B | optional_list_index_int(optional<list<V>>, int): optional<V> | optional_map_index_value(optional<map<K, V>>, K): optional<V>',
  '@in in_list(A, list<A>): bool | in_map(A, map<A, B>): bool',
  'size size_bytes(bytes): int | .bytes_size(bytes): int | size_list(list<A>): int | .list_size(list<A>): int | size_map(map<A, B>): int | .map_size(map<A, B>): int'
  + ' | size_string(string): int | .string_size(string): int',
  'type type(A): type<A>',
  'bool bool_to_bool(bool): bool | string_to_bool(string): bool',
  'bytes bytes_to_bytes(bytes): bytes | string_to_bytes(string): bytes',
  'double double_to_double(double): double | int64_to_double(int): double | string_to_double(string): double | uint64_to_double(uint): double',
  'duration duration_to_duration(duration): duration | int64_to_duration(int): duration | string_to_duration(string): duration',
  'dyn to_dyn(A): dyn',
  'int int64_to_int64(int): int | double_to_int64(double): int | duration_to_int64(duration): int | string_to_int64(string): int | timestamp_to_int64(timestamp): int | uint64_to_int64(uint): int',
  'string string_to_string(string): string | bool_to_string(bool): string | bytes_to_string(bytes): string | double_to_string(double): string | duration_to_string(duration): string'
  + ' | int64_to_string(int): string | timestamp_to_string(timestamp): string | uint64_to_string(uint): string | ip_to_string(net.IP): string | cidr_to_string(net.CIDR): string',
  'timestamp timestamp_to_timestamp(timestamp): timestamp | int64_to_timestamp(int): timestamp | string_to_timestamp(string): timestamp',
  'uint uint64_to_uint64(uint): uint | double_to_uint64(double): uint | int64_to_uint64(int): uint | string_to_uint64(string): uint',
  'contains .contains_string(string, string): bool',
  'endsWith .ends_with_string(string, string): bool',
  'startsWith .starts_with_string(string, string): bool',
  'matches matches(string, string): bool | .matches_string(string, string): bool',
  timePart('getFullYear', 'year'), timePart('getMonth', 'month'), timePart('getDayOfYear', 'day_of_year'), timePart('getDayOfMonth', 'day_of_month'),
  timePart('getDate', 'day_of_month_1_based'), timePart('getDayOfWeek', 'day_of_week'), timePart('getHours', 'hours', 'hours'), timePart('getMinutes', 'minutes', 'minutes'),
  timePart('getSeconds', 'seconds', 'seconds'), timePart('getMilliseconds', 'milliseconds', 'milliseconds'),
]

const extensions = [
  'optional.of optional_of(V): optional<V>',
  'optional.ofNonZeroValue optional_ofNonZeroValue(V): optional<V>',
  'optional.none optional_none(): optional<V>',
  'optional.unwrap optional_unwrap(list<optional<V>>): list<V>',
  'unwrapOpt .optional_unwrapOpt(list<optional<V>>): list<V>',
  'value .optional_value(optional<V>): V',
  'hasValue .optional_hasValue(optional<V>): bool',
  'or .optional_or_optional(optional<V>, optional<V>): optional<V>',
  'orValue .optional_orValue_value(optional<V>, V): V',
  '_[?_] list_optindex_optional_int(list<V>, int): optional<V> | optional_list_optindex_optional_int(optional<list<V>>, int): optional<V>'
  + ' | map_optindex_optional_value(map<K, V>, K): optional<V> | optional_map_optindex_optional_value(optional<map<K, V>>, K): optional<V>',
  'first .list_first(list<V>): optional<V>',
  'last .list_last(list<V>): optional<V>',
  'cel.@mapInsert @mapInsert_map_key_value(map<K, V>, K, V): map<K, V> | @mapInsert_map_map(map<K, V>, map<K, V>): map<K, V>',
  'charAt .string_char_at_int(string, int): string',
  'indexOf .string_index_of_string(string, string): int | .string_index_of_string_int(string, string, int): int | .list_a_index_of_int(list<A>, A): int',
  'lastIndexOf .string_last_index_of_string(string, string): int | .string_last_index_of_string_int(string, string, int): int | .list_a_last_index_of_int(list<A>, A): int',
  'lowerAscii .string_lower_ascii(string): string',
  'upperAscii .string_upper_ascii(string): string',
  'replace .string_replace_string_string(string, string, string): string | .string_replace_string_string_int(string, string, string, int): string',
  'split .string_split_string(string, string): list<string> | .string_split_string_int(string, string, int): list<string>',
  'substring .string_substring_int(string, int): string | .string_substring_int_int(string, int, int): string',
  'trim .string_trim(string): string',
  'format .string_format(string, list<dyn>): string',
  'strings.quote strings_quote(string): string',
  'join .list_join(list<string>): string | .list_join_string(list<string>, string): string',
  'sets.contains list_sets_contains_list(list<T>, list<T>): bool',
  'sets.equivalent list_sets_equivalent_list(list<T>, list<T>): bool',
  'sets.intersects list_sets_intersects_list(list<T>, list<T>): bool',
  'slice .list_slice(list<T>, int, int): list<T>',
  'flatten .list_flatten(list<list<T>>): list<T> | .list_flatten_int(list<dyn>, int): list<dyn>',
  ofLists('sort', sortable, (type) => `list_${fullName(type)}_sort`, (type) => `list<${type}>`),
  `@sortByAssociatedKeys ${sortable.map((type) => `.list_${fullName(type)}_sortByAssociatedKeys(list<T>, list<${type}>): list<T>`).join(' | ')}`,
  'lists.range lists_range(int): list<int>',
  'reverse .list_reverse(list<T>): list<T>',
  'distinct .list_distinct(list<T>): list<T>',
]

const kubernetes = [
  ofLists('isSorted', sortable, (type) => `list_${type}_is_sorted_bool`, () => 'bool'),
  ofLists('sum', ['int', 'uint', 'double', 'duration'], (type) => `list_${type}_sum_${type}`, (type) => type),
  ofLists('max', sortable, (type) => `list_${type}_max_${type}`, (type) => type),
  ofLists('min', sortable, (type) => `list_${type}_min_${type}`, (type) => type),
  'find .string_find_string(string, string): string',
  'findAll .string_find_all_string(string, string): list<string> | .string_find_all_string_int(string, string, int): list<string>',
  'url string_to_url(string): kubernetes.URL',
  'isURL is_url_string(string): bool',
  ...['Scheme', 'Host', 'Hostname', 'Port'].map((part) => `get${part} .url_get_${part.toLowerCase()}(kubernetes.URL): string`),
  'getEscapedPath .url_get_escaped_path(kubernetes.URL): string',
  'getQuery .url_get_query(kubernetes.URL): map<string, list<string>>',
  'ip string_to_ip(string): net.IP | .cidr_ip(net.CIDR): net.IP',
  'isIP is_ip(string): bool',
  'ip.isCanonical ip_is_canonical(string): bool',
  'family .ip_family(net.IP): int',
  'isUnspecified .ip_is_unspecified(net.IP): bool', 'isLoopback .ip_is_loopback(net.IP): bool', 'isLinkLocalMulticast .ip_is_link_local_multicast(net.IP): bool',
  'isLinkLocalUnicast .ip_is_link_local_unicast(net.IP): bool', 'isGlobalUnicast .ip_is_global_unicast(net.IP): bool',
  'cidr string_to_cidr(string): net.CIDR',
  'isCIDR is_cidr(string): bool',
  'containsIP .cidr_contains_ip_string(net.CIDR, string): bool | .cidr_contains_ip_ip(net.CIDR, net.IP): bool',
  'containsCIDR .cidr_contains_cidr_string(net.CIDR, string): bool | .cidr_contains_cidr(net.CIDR, net.CIDR): bool',
  'prefixLength .cidr_prefix_length(net.CIDR): int',
  'masked .cidr_masked(net.CIDR): net.CIDR',
  'quantity string_to_quantity(string): kubernetes.Quantity',
  'isQuantity is_quantity_string(string): bool',
  'sign quantity_sign(kubernetes.Quantity): int',
  ...['isGreaterThan', 'isLessThan', 'compareTo'].map((name, index) => {
    const [id, result] = [['is_greater_than', 'bool'], ['is_less_than', 'bool'], ['compare_to', 'int']][index]!
    return `${name} .quantity_${id}(kubernetes.Quantity, kubernetes.Quantity): ${result} | .semver_${id}(kubernetes.Semver, kubernetes.Semver): ${result}`
  }),
  'asApproximateFloat .quantity_get_float(kubernetes.Quantity): double',
  'asInteger .quantity_get_int(kubernetes.Quantity): int',
  'isInteger .quantity_is_integer(kubernetes.Quantity): bool',
  'add .quantity_add(kubernetes.Quantity, kubernetes.Quantity): kubernetes.Quantity | .quantity_add_int(kubernetes.Quantity, int): kubernetes.Quantity',
  'sub .quantity_sub(kubernetes.Quantity, kubernetes.Quantity): kubernetes.Quantity | .quantity_sub_int(kubernetes.Quantity, int): kubernetes.Quantity',
  'semver string_to_semver(string): kubernetes.Semver | string_bool_to_semver(string, bool): kubernetes.Semver',
  'isSemver is_semver_string(string): bool | is_semver_string_bool(string, bool): bool',
  ...['major', 'minor', 'patch'].map((name) => `${name} .semver_${name}(kubernetes.Semver): int`),
  'validate .format-validate(kubernetes.NamedFormat, string): optional<list<string>>',
  'format.named format-named(string): optional<kubernetes.NamedFormat>',
  ...[
    'dns1123Label', 'dns1123Subdomain', 'dns1035Label', 'qualifiedName', 'dns1123LabelPrefix', 'dns1123SubdomainPrefix', 'dns1035LabelPrefix', 'labelValue', 'uri', 'uuid', 'byte', 'date', 'datetime',
  ].map((name) => `format.${name} format.${name}(): kubernetes.NamedFormat`),
]

const authorizer = 'kubernetes.authorization'
const authorization = [
  `path .authorizer_path(${authorizer}.Authorizer, string): ${authorizer}.PathCheck`,
  `group .authorizer_group(${authorizer}.Authorizer, string): ${authorizer}.GroupCheck`,
  `serviceAccount .authorizer_serviceaccount(${authorizer}.Authorizer, string, string): ${authorizer}.Authorizer`,
  `resource .groupcheck_resource(${authorizer}.GroupCheck, string): ${authorizer}.ResourceCheck`,
  ...['subresource', 'namespace', 'name'].map((name) => `${name} .resourcecheck_${name}(${authorizer}.ResourceCheck, string): ${authorizer}.ResourceCheck`),
  `check .pathcheck_check(${authorizer}.PathCheck, string): ${authorizer}.Decision | .resourcecheck_check(${authorizer}.ResourceCheck, string): ${authorizer}.Decision`,
  `errored .decision_errored(${authorizer}.Decision): bool`,
  `error .decision_error(${authorizer}.Decision): string`,
  `allowed .decision_allowed(${authorizer}.Decision): bool`,
  `reason .decision_reason(${authorizer}.Decision): string`,
  ...['fieldSelector', 'labelSelector'].map((name) => `${name} .authorizer_${name.toLowerCase()}(${authorizer}.ResourceCheck, string): ${authorizer}.ResourceCheck`),
]

const patches = ['jsonpatch.escapeKey string_jsonpatch_escapeKey_string(string): string']

const scalars: Readonly<Record<string, Type>> = {
  dyn: dynType, any: anyType, bool: boolType, int: intType, uint: uintType, double: doubleType, string: stringType, bytes: bytesType, duration: durationType, timestamp: timestampType,
  null_type: nullType, null: nullType, type: typeType, list: listOf(dynType), map: mapOf(dynType, dynType), optional: optionalOf(dynType),
  'google.protobuf.Duration': durationType, 'google.protobuf.Timestamp': timestampType, 'google.protobuf.Any': anyType,
  'net.IP': opaqueType('net.IP'), 'net.CIDR': opaqueType('net.CIDR'),
}

/** Such as `map<string, list<A>>`. */
export function readType(text: string): Type {
  const [, outer = '', inner] = /^([^<]+)(?:<(.*)>)?$/.exec(text.trim()) ?? []
  if (inner === undefined) return Object.hasOwn(scalars, outer) ? scalars[outer]! : /^[A-Z]$/.test(outer) ? paramType(outer) : structType(outer)
  const params = partsOf(inner).map(readType)
  if (outer === 'list') return listOf(params[0] ?? dynType)
  if (outer === 'map') return mapOf(params[0] ?? dynType, params[1] ?? dynType)
  if (outer === 'optional') return optionalOf(params[0] ?? dynType)
  return outer === 'type' ? typeOfType(params[0] ?? dynType) : opaqueType(outer, ...params)
}

/** Split at the commas that stand in no bracket. */
function partsOf(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (const [index, character] of [...text].entries()) {
    if (character === '<') depth++
    else if (character === '>') depth--
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index))
      start = index + 1
    }
  }
  const last = text.slice(start)
  return last.trim() === '' ? parts : [...parts, last]
}

const isGeneric = (type: Type): boolean => type.kind === 'param' || type.params.some(isGeneric)

function readOverload(text: string): Overload {
  const [, dot, id = '', inside = '', result = ''] = /^(\.?)([^(]+)\((.*)\): (.+)$/.exec(text.trim()) ?? []
  const params = partsOf(inside).map(readType)
  const given = readType(result)
  return { id, member: dot === '.', params, result: given, generic: [given, ...params].some(isGeneric) }
}

function readTable(lines: readonly string[]): Map<string, readonly Overload[]> {
  return new Map(lines.map((line) => {
    const space = line.indexOf(' ')
    return [line.slice(0, space), line.slice(space + 1).split(' | ').map(readOverload)]
  }))
}

let common: ReadonlyMap<string, readonly Overload[]> | undefined
let ofPatches: ReadonlyMap<string, readonly Overload[]> | undefined

/** The overloads of a function. `patching`: within expressions that make patches. */
export function overloadsOf(name: string, patching = false): readonly Overload[] | undefined {
  common ??= readTable([...standard, ...extensions, ...kubernetes, ...authorization])
  ofPatches ??= readTable(patches)
  return common.get(name) ?? (patching ? ofPatches.get(name) : undefined)
}

/** What the name of a type stands for in an expression. */
export function typeNamed(name: string): Type | undefined {
  const names = ['bool', 'bytes', 'double', 'int', 'string', 'uint', 'null_type', 'type', 'list', 'map', 'google.protobuf.Duration', 'google.protobuf.Timestamp', 'net.IP', 'net.CIDR']
  return name === 'optional_type' ? optionalOf(paramType('V')) : names.includes(name) ? scalars[name] : undefined
}
