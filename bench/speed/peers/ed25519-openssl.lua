-- Ed25519 by libcrypto's EVP_DigestVerify, which nginx is linked with. The context is kept and set up
-- anew for each signature, the fastest use of it that OpenSSL 3 allows.
local ffi = require 'ffi'
ffi.cdef [[
  typedef struct evp_pkey_st EVP_PKEY;
  typedef struct evp_md_ctx_st EVP_MD_CTX;
  EVP_PKEY *EVP_PKEY_new_raw_public_key(int type, void *engine, const unsigned char *key, size_t length);
  EVP_MD_CTX *EVP_MD_CTX_new(void);
  int EVP_DigestVerifyInit(EVP_MD_CTX *context, void **pkey, const void *type, void *engine, EVP_PKEY *key);
  int EVP_DigestVerify(EVP_MD_CTX *context, const unsigned char *signature, size_t signature_length,
    const unsigned char *message, size_t message_length);
  void ERR_clear_error(void);
]]
local ED25519 = 1087
local C = ffi.C
local context = C.EVP_MD_CTX_new()

local M = {}

function M.import(key)
  assert(#key == 32)
  local imported = C.EVP_PKEY_new_raw_public_key(ED25519, nil, key, 32)
  return assert(imported ~= nil and imported, 'not a key')
end

function M.verify(key, signature, message)
  if C.EVP_DigestVerifyInit(context, nil, nil, nil, key) ~= 1 then return false end
  local good = C.EVP_DigestVerify(context, signature, #signature, message, #message) == 1
  if not good then C.ERR_clear_error() end
  return good
end

return M
