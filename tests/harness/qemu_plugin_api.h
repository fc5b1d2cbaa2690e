// The few functions of QEMU's TCG plugin interface that the tests' plugins use (Plugin.cmake),
// declared from its documentation (docs/devel/tcg-plugins.rst, version 1): distributions ship no
// header.
#ifndef QEMU_PLUGIN_API_H
#define QEMU_PLUGIN_API_H

#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_API_VERSION 1
#define QEMU_PLUGIN_EXPORT      __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;   // a translation block: instructions that run in one go
struct qemu_plugin_insn; // one instruction of it
struct qemu_info;        // what QEMU tells about itself; not used here

enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W, QEMU_PLUGIN_MEM_RW };

typedef uint32_t qemu_plugin_meminfo_t; // what kind of access it was

typedef void qemu_plugin_translate_callback(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void qemu_plugin_execute_callback(unsigned cpu, void *context);
typedef void qemu_plugin_memory_callback(unsigned cpu, qemu_plugin_meminfo_t access,
                                         uint64_t address, void *context);
typedef void qemu_plugin_data_callback(qemu_plugin_id_t id, void *context);

// Called by QEMU.
extern QEMU_PLUGIN_EXPORT int qemu_plugin_version;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
                                           int argument_count, char **arguments);

// Offered by QEMU.
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           qemu_plugin_translate_callback *callback);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_data_callback *callback,
                                    void *context);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block,
                                          qemu_plugin_execute_callback *callback,
                                          enum qemu_plugin_cb_flags flags, void *context);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block,
                                              enum qemu_plugin_op operation, void *counter,
                                              uint64_t operand);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
                                            qemu_plugin_execute_callback *callback,
                                            enum qemu_plugin_cb_flags flags, void *context);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *instruction,
                                                enum qemu_plugin_op operation, void *counter,
                                                uint64_t operand);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *instruction,
                                      qemu_plugin_memory_callback *callback,
                                      enum qemu_plugin_cb_flags flags,
                                      enum qemu_plugin_mem_rw accesses, void *context);
unsigned qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t access); // log2 of the bytes
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);

#endif
