#include "document/codec.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/assert.h"

namespace skerry::document::detail {
namespace {

using Kind = ValueType::Kind;
using Shape = MemberType::Shape;

template <class T>
const T& value_at(const void* value) {
  return *static_cast<const T*>(value);
}

template <class T>
T& value_at(void* value) {
  return *static_cast<T*>(value);
}

bool is_number(Kind kind) {
  return kind == Kind::number32 || kind == Kind::number64;
}

/// A truth value, number or word as the varint it is on the wire.
std::uint64_t varint_of(Kind kind, const void* value) {
  switch (kind) {
    case Kind::boolean:
      return value_at<bool>(value) ? 1 : 0;
    case Kind::number32:
      return value_at<std::uint32_t>(value);
    case Kind::number64:
      return value_at<std::uint64_t>(value);
    default: {
      std::uint8_t word = 0;
      std::memcpy(&word, value, sizeof word);
      return word;
    }
  }
}

std::string_view bytes_of(const ValueType& type, const void* value) {
  if (type.kind == Kind::text) {
    return value_at<std::string>(value);
  }
  return {static_cast<const char*>(value), type.size_bytes};
}

/// What is left out where it stands alone; a message never is.
bool is_zero(const ValueType& type, const void* value) {
  switch (type.kind) {
    case Kind::message:
      return false;
    case Kind::text:
      return value_at<std::string>(value).empty();
    case Kind::fixed:
      return std::ranges::all_of(bytes_of(type, value), [](char byte) { return byte == 0; });
    default:
      return varint_of(type.kind, value) == 0;
  }
}

void put_value(protozero::pbf_writer& writer,
               std::uint32_t number,
               const ValueType& type,
               const void* value) {
  if (type.kind == Kind::message) {
    writer.add_message(number, encode(value, type.describe));
  } else if (type.kind == Kind::text || type.kind == Kind::fixed) {
    const std::string_view bytes = bytes_of(type, value);
    writer.add_bytes(number, bytes.data(), bytes.size());
  } else {
    writer.add_uint64(number, varint_of(type.kind, value));
  }
}

void put_packed(protozero::pbf_writer& writer, const Field& field, std::size_t count) {
  if (count == 0) {
    return;
  }
  protozero::packed_field_uint64 packed(writer, field.number);
  for (std::size_t i = 0; i < count; ++i) {
    packed.add_element(varint_of(field.type->value.kind, field.type->at(field.member, i)));
  }
}

// An element of a list is present even where it is empty.
void put_held(protozero::pbf_writer& writer, const Field& field) {
  const MemberType& type = *field.type;
  const std::size_t count = type.count(field.member);
  if (type.shape == Shape::many && is_number(type.value.kind)) {
    put_packed(writer, field, count);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const void* value = type.at(field.member, i);
    if (type.shape == Shape::many || !is_zero(type.value, value)) {
      put_value(writer, field.number, type.value, value);
    }
  }
}

/// Says why a document was refused, and where in it.
struct Refusal {
  ErrorCode code;
  std::string message;
};

[[noreturn]] void refuse(const char* message) {
  throw Refusal{malformed, message};
}

[[noreturn]] void refuse_field(std::uint32_t number, const char* what) {
  throw Refusal{malformed, "field " + std::to_string(number) + what};
}

/// Reads one message, a field at a time: protozero underneath, our strictness on top. Throws
/// `Refusal` or a protozero exception; `decode` below is the only caller and catches both.
class Decoder {
 public:
  Decoder(std::string_view bytes, std::uint32_t& elements_left)
      : reader_(bytes.data(), bytes.size()), elements_left_(&elements_left) {}

  void read(void* message, Describe describe) {
    FieldList fields;
    describe(message, fields);
    std::uint32_t previous = 0;
    while (reader_.next()) {
      const std::uint32_t number = reader_.tag();
      if (number < previous) {
        refuse("fields are out of order");
      }
      take_field(find(fields, number), number == previous);
      previous = number;
    }
    require_presence(fields);
  }

 private:
  static const Field& find(const FieldList& fields, std::uint32_t number) {
    const auto* const found = std::ranges::find(fields, number, &Field::number);
    if (found == fields.end()) {
      throw Refusal{capability, "unknown field " + std::to_string(number)};
    }
    return *found;
  }

  void require_presence(const FieldList& fields) const {
    for (const Field& field : fields) {
      const bool required =
          field.type->shape == Shape::one && field.type->value.kind == Kind::message;
      if (required && (seen_ >> field.number & 1U) == 0) {
        throw Refusal{malformed, "field " + std::string(field.name) + " is missing"};
      }
    }
  }

  void take_field(const Field& field, bool again) {
    seen_ |= std::uint64_t{1} << field.number;
    const MemberType& type = *field.type;
    // The list was made of the message being read, which is the caller's to change.
    void* member = const_cast<void*>(field.member);
    if (type.shape == Shape::many) {
      take_elements(type, member, again);
    } else if (again) {
      refuse_field(field.number, " stands twice");
    } else if (type.shape == Shape::optional) {
      take_value(type.value, type.add(member));
    } else {
      take_alone(type.value, member);
    }
  }

  void take_elements(const MemberType& type, void* holder, bool again) {
    if (!is_number(type.value.kind)) {
      take_value(type.value, type.add(holder));
      return;
    }
    if (again) {
      refuse("a packed list stands twice");
    }
    expect(protozero::pbf_wire_type::length_delimited);
    for (const std::uint64_t element : reader_.get_packed_uint64()) {
      count_element();
      store_number(type.value.kind, element, type.add(holder));
    }
  }

  // What stands alone must not be zero: one value, one encoding.
  void take_alone(const ValueType& type, void* value) {
    take_value(type, value);
    if (is_zero(type, value)) {
      refuse_field(reader_.tag(), " is written as zero");
    }
  }

  void take_value(const ValueType& type, void* value) {
    switch (type.kind) {
      case Kind::boolean:
        return take_truth(value_at<bool>(value));
      case Kind::number32:
      case Kind::number64:
        return store_number(type.kind, number(), value);
      case Kind::word:
        return take_word(type, value);
      case Kind::text:
        count_element();
        value_at<std::string>(value).assign(bytes());
        return;
      case Kind::fixed:
        return take_fixed(type, value);
      case Kind::message:
        count_element();
        return Decoder(bytes(), *elements_left_).read(value, type.describe);
    }
  }

  void take_truth(bool& value) {
    const std::uint64_t bit = number();
    if (bit > 1) {
      refuse("a truth value is neither 0 nor 1");
    }
    value = bit == 1;
  }

  static void store_number(Kind kind, std::uint64_t number, void* value) {
    if (kind == Kind::number64) {
      value_at<std::uint64_t>(value) = number;
      return;
    }
    if (number > std::numeric_limits<std::uint32_t>::max()) {
      refuse("a number is out of range");
    }
    value_at<std::uint32_t>(value) = static_cast<std::uint32_t>(number);
  }

  void take_word(const ValueType& type, void* value) {
    const std::uint64_t word = number();
    if (word > type.word_max) {
      throw Refusal{
          capability,
          "unknown word " + std::to_string(word) + " in field " + std::to_string(reader_.tag())};
    }
    const auto byte = static_cast<std::uint8_t>(word);
    std::memcpy(value, &byte, sizeof byte);
  }

  void take_fixed(const ValueType& type, void* value) {
    const std::string_view view = bytes();
    if (view.size() != type.size_bytes) {
      refuse_field(reader_.tag(), " has the wrong length");
    }
    std::memcpy(value, view.data(), view.size());
  }

  // protozero checks a field's wire type by assertion only, which peer input must never reach.
  void expect(protozero::pbf_wire_type type) const {
    if (reader_.wire_type() != type) {
      refuse_field(reader_.tag(), " has the wrong type");
    }
  }

  std::uint64_t number() {
    expect(protozero::pbf_wire_type::varint);
    return reader_.get_uint64();
  }

  std::string_view bytes() {
    expect(protozero::pbf_wire_type::length_delimited);
    const protozero::data_view view = reader_.get_view();
    return {view.data(), view.size()};
  }

  void count_element() {
    if (*elements_left_ == 0) {
      throw Refusal{too_large, "too many elements"};
    }
    --*elements_left_;
  }

  protozero::pbf_reader reader_;
  std::uint32_t* elements_left_;
  /// Bit n says that field n was read.
  std::uint64_t seen_ = 0;
};

Status refused(ErrorCode code, const Target& target, std::string message) {
  return fail({.kind = ErrorKind::invalid,
               .code = code,
               .message = std::move(message),
               .field_path = std::string(target.type_name)});
}

}  // namespace

void FieldList::add(const Field& field) {
  SKERRY_ASSERT(size_ < number_max && field.number < number_max);
  fields_[size_] = field;
  ++size_;
}

std::string encode(const void* message, Describe describe) {
  FieldList fields;
  describe(message, fields);
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  for (const Field& field : fields) {
    if (field.type->shape != Shape::one) {
      put_held(writer, field);
    } else if (!is_zero(field.type->value, field.member)) {
      put_value(writer, field.number, field.type->value, field.member);
    }
  }
  return bytes;
}

Status decode(std::string_view bytes, DecodeLimits limits, const Target& target) {
  if (bytes.size() > limits.bytes_max) {
    return refused(too_large, target, "too many bytes");
  }
  try {
    Decoder(bytes, limits.elements_max).read(target.message, target.describe);
    if (encode(target.message, target.describe) != bytes) {
      return refused(malformed, target, "not the canonical encoding");
    }
    return {};
  } catch (const Refusal& refusal) {
    return refused(refusal.code, target, refusal.message);
  } catch (const protozero::exception& error) {
    return refused(malformed, target, error.what());
  }
}

}  // namespace skerry::document::detail
