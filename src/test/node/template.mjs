// Makes the data directory that further servers begin with: node template.mjs FILE
import { boot, end, save } from './backend.mjs'

await save(await boot({ community: true }), process.argv[2])
console.log('SAVED')
// Let the line out first.
setTimeout(end, 100)
