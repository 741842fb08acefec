/** Every operation that rebuilds a table, on a parent of 100,000 rows. */
import { manyParents } from '../../../helpers/large-parent.ts'
import { describeRebuilds } from '../../../helpers/rebuilds.ts'

describeRebuilds(manyParents)
