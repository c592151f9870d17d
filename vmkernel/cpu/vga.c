// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
#include "cpu/vga.h"
#include "cpu/x86.h"
#include "lib/types.h"

#define PORT_GRAPHICS 0x3ceu
#define PORT_CRTC 0x3d4u
#define GRAPHICS_MISC 0x06u
#define MISC_MASK 0x0du /* memory map, graphics mode */
#define MISC_TEXT 0x0cu /* 32 KiB at B8000, text */
#define CRTC_COLUMNS 0x01u /* less one */
#define CRTC_OVERFLOW 0x07u
#define CRTC_CELL 0x09u /* scan lines of a row, less one */
#define CRTC_START_HIGH 0x0cu
#define CRTC_START_LOW 0x0du
#define CRTC_LINES 0x12u /* less one; bits 8 and 9 are in the overflow register */
#define CRTC_PITCH 0x13u
#define CELLS (VGA_BYTES / 2)
#define WHITE_ON_PURPLE 0x5f00u
#define LAST_ROWS 7u

struct screen {
	uint32_t columns, rows, pitch, start;
};

/* The index register is the console's, who may be between writing it and using it. */
static uint8_t indexed(uint16_t port, uint8_t index)
{
	uint8_t was = inb(port), value;

	outb(port, index);
	value = inb(port + 1);
	outb(port, was);
	return value;
}

static bool find_screen(struct screen *s)
{
	uint32_t overflow, lines;

	if ((indexed(PORT_GRAPHICS, GRAPHICS_MISC) & MISC_MASK) != MISC_TEXT)
		return false;
	overflow = indexed(PORT_CRTC, CRTC_OVERFLOW);
	lines = indexed(PORT_CRTC, CRTC_LINES) + ((overflow & 2) << 7) + ((overflow & 0x40) << 3);
	s->columns = indexed(PORT_CRTC, CRTC_COLUMNS) + 1u;
	s->rows = (lines + 1) / ((indexed(PORT_CRTC, CRTC_CELL) & 0x1f) + 1u);
	s->pitch = indexed(PORT_CRTC, CRTC_PITCH) * 2u;
	s->start = indexed(PORT_CRTC, CRTC_START_HIGH) * 256u + indexed(PORT_CRTC, CRTC_START_LOW);
	return s->columns && s->columns <= s->pitch && s->rows && s->rows * s->pitch <= CELLS;
}

static void put(const struct screen *s, uint32_t row, uint32_t column, char c)
{
	uint32_t cell = (s->start + row * s->pitch + column) % CELLS;

	((volatile uint16_t *)MMIO_VGA)[cell] = (uint16_t)(WHITE_ON_PURPLE | (uint8_t)c);
}

/*
 * Puts text on the screen, which takes total rows, or all but some in the middle of it if
 * these are too many. With total 0 it only counts them. Returns how many there are.
 */
static uint32_t lay_out(const struct screen *s, const char *text, size_t len, uint32_t total)
{
	uint32_t row = 0, column = 0, first = s->rows - LAST_ROWS, skipped;

	skipped = total > s->rows ? total - s->rows : 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' || column == s->columns) {
			row++;
			column = 0;
		}
		if (text[i] == '\n')
			continue;
		if (total && (!skipped || row < first))
			put(s, row, column, text[i]);
		else if (total && row >= first + skipped)
			put(s, row - skipped, column, text[i]);
		column++;
	}
	return row + !!column;
}

void vga_show(const char *text, size_t len)
{
	struct screen s;

	if (!find_screen(&s) || s.rows <= LAST_ROWS)
		return;
	for (uint32_t row = 0; row < s.rows; row++)
		for (uint32_t column = 0; column < s.columns; column++)
			put(&s, row, column, ' ');
	lay_out(&s, text, len, lay_out(&s, text, len, 0));
}
