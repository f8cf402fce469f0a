#include "sdk/check/elf_file.hpp"

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

namespace elasticity::check {
namespace {

/// Bounds-checked access to the bytes of a file that may be cut short or made up.
class Image {
public:
    explicit Image(std::string bytes) : bytes_(std::move(bytes)) {}

    template <class T>
    std::optional<T> at(std::uint64_t offset) const {
        T value{};
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof value) return std::nullopt;
        std::memcpy(&value, bytes_.data() + offset, sizeof value);
        return value;
    }

    std::string text_at(std::uint64_t offset) const {
        if (offset >= bytes_.size()) return {};
        const std::size_t end = bytes_.find('\0', offset);
        return bytes_.substr(offset, end == bytes_.npos ? bytes_.npos : end - offset);
    }

private:
    std::string bytes_;
};

using Sections = std::vector<Elf64_Shdr>;

Sections sections_of(const Image& image, const Elf64_Ehdr& header) {
    Sections sections;
    for (unsigned i = 0; i < header.e_shnum; ++i)
        if (const auto section = image.at<Elf64_Shdr>(header.e_shoff + std::uint64_t(i) * header.e_shentsize))
            sections.push_back(*section);
    return sections;
}

void read_symbols(const Image& image, const Elf64_Shdr& table, std::uint64_t texts, ElfFile& elf) {
    for (std::uint64_t offset = 0; offset + sizeof(Elf64_Sym) <= table.sh_size; offset += sizeof(Elf64_Sym)) {
        const auto symbol = image.at<Elf64_Sym>(table.sh_offset + offset);
        if (!symbol) return;
        const unsigned binding = ELF64_ST_BIND(symbol->st_info);
        if (symbol->st_shndx == SHN_UNDEF || binding == STB_LOCAL) continue;
        elf.exported.push_back(image.text_at(texts + symbol->st_name));
        if (binding == STB_GNU_UNIQUE) elf.unique.push_back(elf.exported.back());
    }
}

void read_dynamic(const Image& image, const Elf64_Shdr& table, std::uint64_t texts, ElfFile& elf) {
    for (std::uint64_t offset = 0; offset + sizeof(Elf64_Dyn) <= table.sh_size; offset += sizeof(Elf64_Dyn)) {
        const auto entry = image.at<Elf64_Dyn>(table.sh_offset + offset);
        if (!entry || entry->d_tag == DT_NULL) return;
        const std::uint64_t value = entry->d_un.d_val;
        if (entry->d_tag == DT_RPATH || entry->d_tag == DT_RUNPATH)
            elf.search_path = image.text_at(texts + value);
        if (entry->d_tag == DT_TEXTREL) elf.relocated_text = true;
        if (entry->d_tag == DT_FLAGS && (value & DF_TEXTREL) != 0) elf.relocated_text = true;
        if (entry->d_tag == DT_BIND_NOW) elf.binds_now = true;
        if (entry->d_tag == DT_FLAGS && (value & DF_BIND_NOW) != 0) elf.binds_now = true;
        if (entry->d_tag == DT_FLAGS_1 && (value & DF_1_NOW) != 0) elf.binds_now = true;
    }
}

void read_segments(const Image& image, const Elf64_Ehdr& header, ElfFile& elf) {
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        const auto segment = image.at<Elf64_Phdr>(header.e_phoff + std::uint64_t(i) * header.e_phentsize);
        if (segment && segment->p_type == PT_GNU_STACK) elf.executable_stack = (segment->p_flags & PF_X) != 0;
    }
}

}  // namespace

sdk::HostResult<ElfFile> read_elf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return sdk::host_error(ELS_NOT_FOUND, path + ": cannot be read");
    const Image image(std::string(std::istreambuf_iterator<char>(file), {}));
    const auto header = image.at<Elf64_Ehdr>(0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64)
        return sdk::host_error(ELS_INVALID_ARGUMENT, path + ": is no 64-bit ELF file");
    ElfFile elf;
    read_segments(image, *header, elf);
    const Sections sections = sections_of(image, *header);
    for (const Elf64_Shdr& section : sections) {
        if (section.sh_link >= sections.size()) continue;
        const std::uint64_t texts = sections[section.sh_link].sh_offset;
        if (section.sh_type == SHT_DYNSYM) read_symbols(image, section, texts, elf);
        if (section.sh_type == SHT_DYNAMIC) read_dynamic(image, section, texts, elf);
    }
    return elf;
}

}  // namespace elasticity::check
