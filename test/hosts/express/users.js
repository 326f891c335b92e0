/** Stands for the database of an app: which users there are, and which Nevis id each of them has. */
const users = []

exports.add = (user) => void users.push(user)
exports.findById = async (id) => users.find((user) => user.id === id)
exports.findByNevisId = async (nevisUserId) => users.find((user) => user.nevisUserId === nevisUserId)
exports.findByProvider = async (providerId) => users.find((user) => user.providerId === providerId)
exports.withPassword = async (username, password) => users.find((user) => user.username === username && user.password === password) ?? false
/** Keeps the Nevis id with the user of this name, who must not have one yet. */
exports.link = async (username, nevisUserId) => {
  const user = users.find((one) => one.username === username && one.nevisUserId === undefined)
  return user ? Object.assign(user, { nevisUserId }) : false
}
