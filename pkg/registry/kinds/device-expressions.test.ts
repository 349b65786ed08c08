// What expressions over devices can cost: the numbers are those of Kubernetes' own tests.
import { deviceCost } from './device-expressions.ts'

const own = 'device.attributes["dra.example.com"]'
const capacity = 'device.capacity["dra.example.com"]'
const ten = '[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]'

it.each<[string, number]>([
  ['device.attributes["no-such-domain"].noSuchAttr.isGreaterThan(quantity("0"))', 6],
  ['device.attributes["no-such-domain"]["noSuchAttr"].isGreaterThan(quantity("0"))', 6],
  ['"no-such-domain" in device.attributes', 3],
  ['device.driver == ""', 2],
  ['device.driver == "dra.example.com"', 4],
  [`${own}.name`, 4], [`${own}["name"]`, 4],
  ['cel.bind(dra, device.attributes["dra.example.com"], dra.name)', 15],
  [`${own}.name > 0`, 5], [`${own}.name == "fish"`, 5],
  [`${own}.name.isGreaterThan(semver("0.0.1"))`, 6],
  [`${own}.name.isGreaterThan(semver("v0.0.1", true)) && isSemver("v1.0.0", true)`, 7],
  [`${capacity}.name.isGreaterThan(quantity("1Ki"))`, 6],
  [`"name" in ${capacity} && ${capacity}.name.isGreaterThan(quantity("1Ki"))`, 10],
  [`!("name" in ${capacity}) || ${capacity}.name.isGreaterThan(quantity("1Ki"))`, 11],
  [`${own}.a && ${own}.b && ${own}.c`, 12],
  ['device.attributes.exists_one(x, x == "dra.example.com")', 164],
  [`${own}.exists_one(x, x == "services")`, 133],
  [`${own}.services.split("example").size() >= 2`, 19],
  [`${own}.services.matches("[^a]?sym")`, 18],
  ['device.capacity.exists_one(x, x == "dra.example.com")', 164],
  [`${capacity}.exists_one(x, x == "memory")`, 133],
  [`${['x', 'y', 'z', 'z2', 'z3', 'z4', 'z5'].map((name) => `${ten}.all(${name}, `).join('')}int('1'.find('[0-9]*')) < 100)))))))`, 85_555_551],
])('%s', (expression, cost) => {
  expect(deviceCost(expression)).toBe(BigInt(cost))
})

it.each([
  ['?!', /^compilation failed: ERROR: <input>:1:1: Syntax error: extraneous input '\?' expecting/],
  ['1', /^must evaluate to bool or the unknown type, not int$/],
  ['dyn(1)', /^must evaluate to bool or the unknown type, not dyn$/],
  ['device.allowMultipleAllocations == false', /undefined field 'allowMultipleAllocations'/],
])('%s is refused', (expression, fault) => {
  expect(deviceCost(expression)).toMatch(fault)
})
