/// JSON (RFC 8259): documents to values, and what writes documents. The library behind both is set
/// up here and nowhere else; of it the others see [tools.jackson.core.JsonGenerator] alone, which
/// is as good a writer as one of our own would be.
@NullMarked
package dev.turnout.json;

import org.jspecify.annotations.NullMarked;
