// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The printf family, small: what kernel messages need and no more. Output
 * beyond the buffer is counted but not written, so that the caller sees what
 * it lost.
 */
#include "lib/format.h"
#include "lib/string.h"
#include <stdbool.h>
#include <stdint.h>

struct out {
	char *buf;
	size_t size;
	size_t len; /* of the whole text so far */
};

struct spec {
	bool left, plus, space, zero, alt, upper;
	int width;
	int precision; /* -1: none given */
	int size; /* bytes of the integer argument */
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void pad(struct out *o, char c, int count)
{
	while (count-- > 0)
		put(o, c);
}

static void put_text(struct out *o, const struct spec *s, const char *text, size_t len)
{
	int fill = s->width - (int)len;

	if (!s->left)
		pad(o, ' ', fill);
	while (len--)
		put(o, *text++);
	if (s->left)
		pad(o, ' ', fill);
}

static void put_number(struct out *o, const struct spec *s, uint64_t v, unsigned int base,
		       const char *sign)
{
	const char *digits = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char buf[24];
	int len = 0, zeros, fill;

	if (s->alt && base == 16 && v)
		sign = s->upper ? "0X" : "0x";
	if (v || s->precision)
		do {
			buf[len++] = digits[v % base];
			v /= base;
		} while (v);
	zeros = s->precision - len;
	if (zeros < 0)
		zeros = 0;
	fill = s->width - len - zeros - (int)strlen(sign);
	if (s->zero && !s->left && s->precision < 0 && fill > 0) {
		zeros += fill;
		fill = 0;
	}
	if (!s->left)
		pad(o, ' ', fill);
	while (*sign)
		put(o, *sign++);
	pad(o, '0', zeros);
	while (len)
		put(o, buf[--len]);
	if (s->left)
		pad(o, ' ', fill);
}

static int parse_int(const char **fmt, va_list *args)
{
	int v = 0;

	if (**fmt == '*') {
		(*fmt)++;
		return va_arg(*args, int);
	}
	while (**fmt >= '0' && **fmt <= '9' && v < 10000)
		v = v * 10 + *(*fmt)++ - '0';
	return v;
}

static const char *parse_flags(const char *fmt, struct spec *s)
{
	for (;; fmt++) {
		if (*fmt == '-')
			s->left = true;
		else if (*fmt == '+')
			s->plus = true;
		else if (*fmt == ' ')
			s->space = true;
		else if (*fmt == '0')
			s->zero = true;
		else if (*fmt == '#')
			s->alt = true;
		else
			return fmt;
	}
}

static const char *parse_size(const char *fmt, struct spec *s)
{
	s->size = 4;
	for (;; fmt++) {
		if (*fmt == 'l' || *fmt == 'z' || *fmt == 'j' || *fmt == 't')
			s->size = 8;
		else if (*fmt == 'h')
			s->size = s->size == 2 ? 1 : 2;
		else
			return fmt;
	}
}

/* Everything between % and the conversion letter. */
static const char *parse_spec(const char *fmt, struct spec *s, va_list *args)
{
	*s = (struct spec){ .precision = -1 };
	fmt = parse_flags(fmt, s);
	s->width = parse_int(&fmt, args);
	if (s->width < 0) {
		s->left = true;
		s->width = -s->width;
	}
	if (*fmt == '.') {
		fmt++;
		s->precision = parse_int(&fmt, args);
	}
	return parse_size(fmt, s);
}

static void put_signed(struct out *o, const struct spec *s, va_list *args)
{
	int64_t v = s->size == 8 ? va_arg(*args, long) : va_arg(*args, int);
	const char *sign = s->plus ? "+" : s->space ? " " : "";

	if (s->size == 2)
		v = (int16_t)v;
	if (s->size == 1)
		v = (int8_t)v;
	if (v < 0)
		put_number(o, s, -(uint64_t)v, 10, "-");
	else
		put_number(o, s, (uint64_t)v, 10, sign);
}

static void put_unsigned(struct out *o, const struct spec *s, va_list *args, unsigned int base)
{
	uint64_t v = s->size == 8 ? va_arg(*args, unsigned long) : va_arg(*args, unsigned int);

	if (s->size < 4)
		v &= (1u << (8 * s->size)) - 1;
	put_number(o, s, v, base, "");
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
	if (!text)
		text = "(null)";
	put_text(o, s, text, s->precision < 0 ? strlen(text) : strnlen(text, (size_t)s->precision));
}

/* One conversion; fmt is at its letter. False: there is no such letter. */
static bool convert(struct out *o, struct spec *s, char letter, va_list *args)
{
	char c;

	switch (letter) {
	case 'd':
	case 'i':
		put_signed(o, s, args);
		return true;
	case 'u':
		put_unsigned(o, s, args, 10);
		return true;
	case 'o':
		put_unsigned(o, s, args, 8);
		return true;
	case 'X':
		s->upper = true;
		put_unsigned(o, s, args, 16);
		return true;
	case 'x':
		put_unsigned(o, s, args, 16);
		return true;
	case 'p':
		put_number(o, s, (uint64_t)(uintptr_t)va_arg(*args, void *), 16, "0x");
		return true;
	case 's':
		put_string(o, s, va_arg(*args, const char *));
		return true;
	case 'c':
		c = (char)va_arg(*args, int);
		put_text(o, s, &c, 1);
		return true;
	case '%':
		put(o, '%');
		return true;
	default:
		return false;
	}
}

int vmk_vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = { .buf = buf, .size = size };
	va_list rest; /* a va_list parameter is a pointer here, a copy is what & needs */

	va_copy(rest, args);
	while (*fmt) {
		const char *start = fmt;
		struct spec s;

		if (*fmt++ != '%') {
			put(&o, *start);
			continue;
		}
		fmt = parse_spec(fmt, &s, &rest);
		if (*fmt && convert(&o, &s, *fmt, &rest)) {
			fmt++;
			continue;
		}
		while (start < fmt)
			put(&o, *start++);
	}
	va_end(rest);
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return (int)o.len;
}

int vmk_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vmk_vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}
