namespace Qkms.Core.Errors;

/// <summary>A field of a request and its error.</summary>
/// <param name="Field">The field's name as the caller spells it, <c>key_version</c>.</param>
/// <param name="Message">The error, or a value that belongs to the field.</param>
public sealed record FieldError(string Field, string Message);
